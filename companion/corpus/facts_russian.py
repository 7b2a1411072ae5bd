"""The world of facts in Russian.

Forms: v_acc, v_ins are accusative and instrumental; nom, gen, dat are a
name's cases; many, of_many are the plural's nominative and genitive.

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
            "dog=собака|собаку; cat=кошка|кошку; rabbit=кролик|кролика; "
            "parrot=попугай|попугая; hamster=хомяк|хомяка; "
            "turtle=черепаха|черепаху; goldfish=золотая рыбка|золотую рыбку; "
            "pony=пони|пони; hedgehog=ёж|ежа; duck=утка|утку"
        ),
        forms="v|v_acc",
        statements=(
            "У {gen} есть {v}.",
            "Питомец {gen} — {v}.",
            "Недавно {nom} <завёл|завела> {v_acc}.",
        ),
        questions=(
            "Какое животное есть у {gen}?",
            "Какое животное недавно <завёл|завела> {nom}?",
            "Какой у {gen} питомец?",
        ),
    ),
    "favourite_colour": Wording(
        values=table(
            "red=красный; blue=синий; green=зелёный; yellow=жёлтый; "
            "white=белый; black=чёрный; purple=фиолетовый; orange=оранжевый; "
            "pink=розовый; brown=коричневый"
        ),
        statements=(
            "Любимый цвет {gen} — {v}.",
            "{dat} больше всего нравится {v} цвет.",
            "Из всех цветов {nom} больше всего любит {v}.",
        ),
        questions=(
            "Какой любимый цвет у {gen}?",
            "Какой цвет больше всего нравится {dat}?",
            "Какой цвет {nom} любит больше всего?",
        ),
    ),
    "favourite_food": Wording(
        values=table(
            "pancakes=блины|блины; dumplings=пельмени|пельмени; "
            "apples=яблоки|яблоки; rice=рис|рис; cheese=сыр|сыр; "
            "noodles=лапша|лапшу; potatoes=картошка|картошку; "
            "bread=хлеб|хлеб; ice_cream=мороженое|мороженое; "
            "strawberries=клубника|клубнику"
        ),
        forms="v|v_acc",
        statements=(
            "Любимая еда {gen} — {v}.",
            "Больше всего {nom} любит есть {v_acc}.",
            "На обед {nom} всегда просит {v_acc}.",
        ),
        questions=(
            "Какая любимая еда у {gen}?",
            "Что {nom} любит есть больше всего?",
            "Что {nom} всегда просит на обед?",
        ),
    ),
    "home": Wording(
        values=table(
            "sea=у моря; river=у реки; forest=в лесу; village=в деревне; "
            "city=в большом городе; island=на острове; mountains=в горах; "
            "lake=у озера; station=возле вокзала; farm=на ферме"
        ),
        statements=(
            "{nom} живёт {v}.",
            "Дом {gen} находится {v}.",
            "Семья {gen} живёт {v}.",
        ),
        questions=(
            "Где живёт {nom}?",
            "Где находится дом {gen}?",
            "Где живёт семья {gen}?",
        ),
    ),
    "hobby": Wording(
        values=table(
            "draw=рисовать|рисует; swim=плавать|плавает; "
            "dance=танцевать|танцует; read=читать книги|читает книги; "
            "sing=петь|поёт; "
            "bicycle=кататься на велосипеде|катается на велосипеде; "
            "chess=играть в шахматы|играет в шахматы; "
            "fish=ловить рыбу|ловит рыбу; cook=готовить|готовит; "
            "kite=запускать воздушного змея|запускает воздушного змея"
        ),
        forms="v|v_now",
        statements=(
            "{nom} любит {v}.",
            "Любимое занятие {gen} — {v}.",
            "В свободное время {nom} обычно {v_now}.",
        ),
        questions=(
            "Что любит делать {nom}?",
            "Какое любимое занятие у {gen}?",
            "Что {nom} обычно делает в свободное время?",
        ),
    ),
    "mothers_job": Wording(
        values=table(
            "teacher=учительница|учительницей; doctor=врач|врачом; "
            "baker=пекарь|пекарем; cook=повар|поваром; "
            "librarian=библиотекарь|библиотекарем; "
            "painter=художница|художницей; nurse=медсестра|медсестрой; "
            "driver=водитель автобуса|водителем автобуса; "
            "pilot=пилот|пилотом; vet=ветеринар|ветеринаром"
        ),
        forms="v|v_ins",
        statements=(
            "Мама {gen} — {v}.",
            "Мама {gen} работает {v_ins}.",
            "Уже много лет мама {gen} работает {v_ins}.",
        ),
        questions=(
            "Кем работает мама {gen}?",
            "Кто по профессии мама {gen}?",
            "Какая профессия у мамы {gen}?",
        ),
    ),
    "instrument": Wording(
        values=table(
            "piano=на пианино; violin=на скрипке; guitar=на гитаре; "
            "drums=на барабанах; flute=на флейте; trumpet=на трубе; "
            "harp=на арфе; accordion=на аккордеоне; cello=на виолончели; "
            "harmonica=на губной гармошке"
        ),
        statements=(
            "{nom} играет {v}.",
            "Каждый день {nom} учится играть {v}.",
            "На школьном концерте {nom} играет {v}.",
        ),
        questions=(
            "На чём играет {nom}?",
            "На чём {nom} каждый день учится играть?",
            "На каком инструменте {nom} играет на школьном концерте?",
        ),
    ),
    "age": Wording(
        values=table(
            "5=пять; 6=шесть; 7=семь; 9=девять; 11=одиннадцать; 12=двенадцать"
        ),
        statements=(
            "{dat} {v} лет.",
            "В этом году {dat} исполнилось {v} лет.",
            "На торте {gen} было {v} свечей.",
        ),
        questions=(
            "Сколько лет {dat}?",
            "Сколько лет исполнилось {dat} в этом году?",
            "Сколько свечей было на торте {gen}?",
        ),
    ),
}

_GENERAL = {
    "sound": Wording(
        values=table(
            "woof=гав; meow=мяу; moo=му; baa=бе; quack=кря; ribbit=ква; "
            "squeak=пи-пи-пи; cluck=ко-ко-ко; oink=хрю"
        ),
        statements=(
            "{nom} говорит «{v}».",
            "Звук, который издаёт {nom}, — «{v}».",
            "Если слышно «{v}», значит, рядом {nom}.",
        ),
        questions=(
            "Что говорит {nom}?",
            "Какой звук издаёт {nom}?",
            "Что говорят {many}?",
        ),
    ),
    "diet": Wording(
        values=table(
            "grass=траву|травой; hay=сено|сеном; bamboo=бамбук|бамбуком; "
            "nuts=орехи|орехами; mice=мышей|мышами; nectar=нектар|нектаром; "
            "grain=зерно|зерном; insects=насекомых|насекомыми; "
            "fruit=фрукты|фруктами; "
            "leaves=листья эвкалипта|листьями эвкалипта; "
            "berries=ягоды|ягодами; fish=рыбу|рыбой"
        ),
        forms="v|v_ins",
        statements=(
            "{nom} ест {v}.",
            "{many} едят {v}.",
            "{many} питаются {v_ins}.",
        ),
        questions=(
            "Что ест {nom}?",
            "Что едят {many}?",
            "Чем питаются {many}?",
        ),
    ),
    "habitat": Wording(
        values=table(
            "hive=в улье; pond=в пруду; desert=в пустыне; "
            "antarctica=в Антарктиде; arctic=в Арктике; ocean=в океане; "
            "forest=в лесу; burrow=в норе; tree=в дупле; web=в паутине; "
            "ground=под землёй; stable=в конюшне; savannah=в саванне; "
            "australia=в Австралии"
        ),
        statements=(
            "{nom} живёт {v}.",
            "{many} живут {v}.",
            "Искать {of_many} надо {v}.",
        ),
        questions=(
            "Где живёт {nom}?",
            "Где живут {many}?",
            "Где надо искать {of_many}?",
        ),
    ),
    "colour": Wording(
        values=table(
            "green=зелёный|зелёная|зелёное|зелёного; "
            "white=белый|белая|белое|белого; "
            "blue=голубой|голубая|голубое|голубого; "
            "yellow=жёлтый|жёлтая|жёлтое|жёлтого; "
            "black=чёрный|чёрная|чёрное|чёрного; "
            "red=красный|красная|красное|красного; "
            "orange=оранжевый|оранжевая|оранжевое|оранжевого; "
            "pink=розовый|розовая|розовое|розового; "
            "brown=коричневый|коричневая|коричневое|коричневого"
        ),
        forms="v_m|v_f|v_n|v_gen",
        statements=(
            "{nom} {v_agree}.",
            "{nom} {v_gen} цвета.",
            "Все знают, что {nom} {v_agree}.",
        ),
        questions=(
            "Какого цвета {nom}?",
            "Какой цвет у {gen}?",
            "<Какой|Какая|Какое> по цвету {nom}?",
        ),
        short="{v_agree}",
    ),
    "legs": Wording(
        values=table(
            "2=две|ноги|двух; 4=четыре|ноги|четырёх; 6=шесть|ног|шести; "
            "8=восемь|ног|восьми"
        ),
        forms="v|v_legs|v_on",
        statements=(
            "У {gen} {v} {v_legs}.",
            "У {of_many} по {v} {v_legs}.",
            "{many} ходят на {v_on} ногах.",
        ),
        questions=(
            "Сколько ног у {gen}?",
            "Сколько ног у {of_many}?",
            "На скольких ногах ходят {many}?",
        ),
    ),
}

RUSSIAN = Language(
    people=PEOPLE["ru"],
    person_forms=PERSON_FORMS["ru"],
    subjects=SUBJECTS["ru"],
    subject_forms=SUBJECT_FORMS["ru"],
    personal=_PERSONAL,
    general=_GENERAL,
)
