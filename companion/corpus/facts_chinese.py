"""The world of facts in Chinese.

Forms: v_one is a value with number and measure word; v_verb is the verb
that goes with an instrument.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from companion.corpus.facts_names import (
    PEOPLE,
    PERSON_FORMS,
    SUBJECT_FORMS,
    SUBJECTS,
)
from companion.corpus.wording import Language, Wording, table

_PERSONAL = {
    "pet": Wording(
        values=table(
            "dog=狗|一只狗; cat=猫|一只猫; rabbit=兔子|一只兔子; "
            "parrot=鹦鹉|一只鹦鹉; hamster=仓鼠|一只仓鼠; "
            "turtle=乌龟|一只乌龟; goldfish=金鱼|一条金鱼; "
            "pony=小马|一匹小马; hedgehog=刺猬|一只刺猬; duck=鸭子|一只鸭子"
        ),
        forms="v|v_one",
        statements=(
            "{who}有{v_one}。",
            "{who}的宠物是{v_one}。",
            "不久前，{who}养了{v_one}。",
        ),
        questions=(
            "{who}有什么宠物？",
            "{who}的宠物是什么？",
            "不久前，{who}养了什么动物？",
        ),
    ),
    "favourite_colour": Wording(
        values=table(
            "red=红色; blue=蓝色; green=绿色; yellow=黄色; white=白色; "
            "black=黑色; purple=紫色; orange=橙色; pink=粉色; brown=棕色"
        ),
        statements=(
            "{who}最喜欢的颜色是{v}。",
            "在所有颜色里，{who}最爱{v}。",
            "{who}觉得{v}最好看。",
        ),
        questions=(
            "{who}最喜欢的颜色是什么？",
            "在所有颜色里，{who}最爱哪一种？",
            "{who}觉得什么颜色最好看？",
        ),
    ),
    "favourite_food": Wording(
        values=table(
            "pancakes=煎饼; dumplings=饺子; apples=苹果; rice=米饭; "
            "cheese=奶酪; noodles=面条; potatoes=土豆; bread=面包; "
            "ice_cream=冰淇淋; strawberries=草莓"
        ),
        statements=(
            "{who}最喜欢的食物是{v}。",
            "{who}最爱吃{v}。",
            "午饭的时候，{who}总是要吃{v}。",
        ),
        questions=(
            "{who}最喜欢的食物是什么？",
            "{who}最爱吃什么？",
            "午饭的时候，{who}总是要吃什么？",
        ),
    ),
    "home": Wording(
        values=table(
            "sea=海边; river=河边; forest=森林里; village=村子里; "
            "city=大城市里; island=岛上; mountains=山里; lake=湖边; "
            "station=车站附近; farm=农场里"
        ),
        statements=(
            "{who}住在{v}。",
            "{who}的家在{v}。",
            "{who}和家人住在{v}。",
        ),
        questions=(
            "{who}住在哪里？",
            "{who}的家在哪里？",
            "{who}和家人住在什么地方？",
        ),
    ),
    "hobby": Wording(
        values=table(
            "draw=画画; swim=游泳; dance=跳舞; read=看书; sing=唱歌; "
            "bicycle=骑自行车; chess=下棋; fish=钓鱼; cook=做饭; kite=放风筝"
        ),
        statements=(
            "{who}喜欢{v}。",
            "{who}的爱好是{v}。",
            "有空的时候，{who}常常{v}。",
        ),
        questions=(
            "{who}喜欢做什么？",
            "{who}的爱好是什么？",
            "有空的时候，{who}常常做什么？",
        ),
    ),
    "mothers_job": Wording(
        values=table(
            "teacher=老师; doctor=医生; baker=面包师; cook=厨师; "
            "librarian=图书管理员; painter=画家; nurse=护士; "
            "driver=公交车司机; pilot=飞行员; vet=兽医"
        ),
        statements=(
            "{who}的妈妈是{v}。",
            "{who}的妈妈是一名{v}。",
            "{who}的妈妈当了很多年{v}。",
        ),
        questions=(
            "{who}的妈妈是做什么工作的？",
            "{who}的妈妈的职业是什么？",
            "{who}的妈妈从事什么职业？",
        ),
    ),
    "instrument": Wording(
        values=table(
            "piano=钢琴|弹; violin=小提琴|拉; guitar=吉他|弹; "
            "drums=架子鼓|打; flute=长笛|吹; trumpet=小号|吹; harp=竖琴|弹; "
            "accordion=手风琴|拉; cello=大提琴|拉; harmonica=口琴|吹"
        ),
        forms="v|v_verb",
        statements=(
            "{who}会{v_verb}{v}。",
            "{who}每天练习{v_verb}{v}。",
            "在学校的音乐会上，{who}{v_verb}{v}。",
        ),
        questions=(
            "{who}会什么乐器？",
            "{who}每天练习什么乐器？",
            "在学校的音乐会上，{who}演奏什么乐器？",
        ),
    ),
    "age": Wording(
        values=table("5=五; 6=六; 7=七; 9=九; 11=十一; 12=十二"),
        statements=(
            "{who}今年{v}岁。",
            "{who}已经{v}岁了。",
            "{who}的生日蛋糕上插着{v}根蜡烛。",
        ),
        questions=(
            "{who}今年几岁？",
            "{who}多大了？",
            "{who}的生日蛋糕上插着多少根蜡烛？",
        ),
    ),
}

_GENERAL = {
    "sound": Wording(
        values=table(
            "woof=汪汪; meow=喵喵; moo=哞哞; baa=咩咩; quack=嘎嘎; "
            "ribbit=呱呱; squeak=吱吱; cluck=咯咯; oink=哼哼"
        ),
        statements=(
            "{who}的叫声是“{v}”。",
            "{who}“{v}”地叫。",
            "听到“{v}”的叫声，就知道附近有{who}。",
        ),
        questions=(
            "{who}的叫声是什么？",
            "{who}怎么叫？",
            "{who}叫起来是什么声音？",
        ),
    ),
    "diet": Wording(
        values=table(
            "grass=青草; hay=干草; bamboo=竹子; nuts=坚果; mice=老鼠; "
            "nectar=花蜜; grain=谷粒; insects=昆虫; fruit=水果; "
            "leaves=桉树叶; berries=浆果; fish=鱼"
        ),
        statements=(
            "{who}吃{v}。",
            "{who}爱吃{v}。",
            "{who}的食物是{v}。",
        ),
        questions=(
            "{who}吃什么？",
            "{who}爱吃什么？",
            "{who}的食物是什么？",
        ),
    ),
    "habitat": Wording(
        values=table(
            "hive=蜂巢里; pond=池塘里; desert=沙漠里; antarctica=南极; "
            "arctic=北极; ocean=海洋里; forest=森林里; burrow=地洞里; "
            "tree=树洞里; web=蜘蛛网上; ground=泥土下面; stable=马棚里; "
            "savannah=大草原上; australia=澳大利亚"
        ),
        statements=(
            "{who}住在{v}。",
            "{who}的家在{v}。",
            "在{v}可以找到{who}。",
        ),
        questions=(
            "{who}住在哪里？",
            "{who}的家在哪里？",
            "在哪里可以找到{who}？",
        ),
    ),
    "colour": Wording(
        values=table(
            "green=绿色; white=白色; blue=蓝色; yellow=黄色; black=黑色; "
            "red=红色; orange=橙色; pink=粉色; brown=棕色"
        ),
        statements=(
            "{who}是{v}的。",
            "{who}的颜色是{v}。",
            "大家都知道，{who}是{v}的。",
        ),
        questions=(
            "{who}是什么颜色的？",
            "{who}的颜色是什么？",
            "{who}是哪种颜色的？",
        ),
    ),
    "legs": Wording(
        values=table("2=两; 4=四; 6=六; 8=八"),
        statements=(
            "{who}有{v}条腿。",
            "{who}一共有{v}条腿。",
            "{who}用{v}条腿走路。",
        ),
        questions=(
            "{who}有几条腿？",
            "{who}一共有几条腿？",
            "{who}用几条腿走路？",
        ),
    ),
}

CHINESE = Language(
    people=PEOPLE["zh"],
    person_forms=PERSON_FORMS["zh"],
    subjects=SUBJECTS["zh"],
    subject_forms=SUBJECT_FORMS["zh"],
    personal=_PERSONAL,
    general=_GENERAL,
)
