"""People, animals and things of the world of facts, in three languages.

None of the people is in a story of the story world, so no story
contradicts a fact. Forms are named in `PERSON_FORMS` and `SUBJECT_FORMS`:
"who" is the plain name; gen, dat and nom are Russian cases; many and
of_many are a plural's nominative and genitive.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from companion.corpus.wording import table

PERSON_FORMS = {
    "en": "who|gender",
    "ru": "nom|gen|dat|gender",
    "zh": "who|gender",
}
SUBJECT_FORMS = {
    "en": "who|a|many",
    "ru": "nom|gen|gender|many|of_many",
    "zh": "who",
}

PEOPLE = {
    "en": table(
        "olivia=Olivia|f; maria=Maria|f; lena=Lena|f; sofia=Sofia|f; "
        "nora=Nora|f; diana=Diana|f; olga=Olga|f; eva=Eva|f; clara=Clara|f; "
        "emma=Emma|f; lisa=Lisa|f; laura=Laura|f; alice=Alice|f; rita=Rita|f; "
        "marta=Marta|f; irina=Irina|f; anton=Anton|m; boris=Boris|m; "
        "david=David|m; felix=Felix|m; ivan=Ivan|m; karl=Karl|m; mark=Mark|m; "
        "oscar=Oscar|m; leonard=Leonard|m; peter=Peter|m; roman=Roman|m; "
        "arthur=Arthur|m; edward=Edward|m; adam=Adam|m; martin=Martin|m; "
        "robert=Robert|m"
    ),
    "ru": table(
        "olivia=Оливия|Оливии|Оливии|f; maria=Мария|Марии|Марии|f; "
        "lena=Лена|Лены|Лене|f; sofia=София|Софии|Софии|f; "
        "nora=Нора|Норы|Норе|f; diana=Диана|Дианы|Диане|f; "
        "olga=Ольга|Ольги|Ольге|f; eva=Ева|Евы|Еве|f; "
        "clara=Клара|Клары|Кларе|f; emma=Эмма|Эммы|Эмме|f; "
        "lisa=Лиза|Лизы|Лизе|f; laura=Лаура|Лауры|Лауре|f; "
        "alice=Алиса|Алисы|Алисе|f; rita=Рита|Риты|Рите|f; "
        "marta=Марта|Марты|Марте|f; irina=Ирина|Ирины|Ирине|f; "
        "anton=Антон|Антона|Антону|m; boris=Борис|Бориса|Борису|m; "
        "david=Давид|Давида|Давиду|m; felix=Феликс|Феликса|Феликсу|m; "
        "ivan=Иван|Ивана|Ивану|m; karl=Карл|Карла|Карлу|m; "
        "mark=Марк|Марка|Марку|m; oscar=Оскар|Оскара|Оскару|m; "
        "leonard=Леонард|Леонарда|Леонарду|m; peter=Пётр|Петра|Петру|m; "
        "roman=Роман|Романа|Роману|m; arthur=Артур|Артура|Артуру|m; "
        "edward=Эдвард|Эдварда|Эдварду|m; adam=Адам|Адама|Адаму|m; "
        "martin=Мартин|Мартина|Мартину|m; robert=Роберт|Роберта|Роберту|m"
    ),
    "zh": table(
        "olivia=奥莉维亚|f; maria=玛丽亚|f; lena=莲娜|f; sofia=索菲亚|f; "
        "nora=诺拉|f; diana=戴安娜|f; olga=奥尔加|f; eva=伊娃|f; "
        "clara=克拉拉|f; emma=艾玛|f; lisa=丽莎|f; laura=劳拉|f; "
        "alice=爱丽丝|f; rita=丽塔|f; marta=玛尔塔|f; irina=伊琳娜|f; "
        "anton=安东|m; boris=鲍里斯|m; david=大卫|m; felix=菲利克斯|m; "
        "ivan=伊万|m; karl=卡尔|m; mark=马克|m; oscar=奥斯卡|m; "
        "leonard=莱昂纳德|m; "
        "peter=彼得|m; roman=罗曼|m; arthur=亚瑟|m; edward=爱德华|m; "
        "adam=亚当|m; martin=马丁|m; robert=罗伯特|m"
    ),
}

SUBJECTS = {
    "en": table(
        "dog=dog|a dog|dogs; cat=cat|a cat|cats; cow=cow|a cow|cows; "
        "sheep=sheep|a sheep|sheep; duck=duck|a duck|ducks; "
        "frog=frog|a frog|frogs; mouse=mouse|a mouse|mice; "
        "hen=hen|a hen|hens; pig=pig|a pig|pigs; horse=horse|a horse|horses; "
        "panda=panda|a panda|pandas; squirrel=squirrel|a squirrel|squirrels; "
        "owl=owl|an owl|owls; bee=bee|a bee|bees; "
        "monkey=monkey|a monkey|monkeys; koala=koala|a koala|koalas; "
        "brown_bear=brown bear|a brown bear|brown bears; "
        "penguin=penguin|a penguin|penguins; camel=camel|a camel|camels; "
        "polar_bear=polar bear|a polar bear|polar bears; "
        "whale=whale|a whale|whales; rabbit=rabbit|a rabbit|rabbits; "
        "spider=spider|a spider|spiders; mole=mole|a mole|moles; "
        "lion=lion|a lion|lions; kangaroo=kangaroo|a kangaroo|kangaroos; "
        "ant=ant|an ant|ants; ostrich=ostrich|an ostrich|ostriches; "
        "beetle=beetle|a beetle|beetles; grass=grass|grass|grass; "
        "snow=snow|snow|snow; sky=clear sky|the clear sky|clear skies; "
        "lemon=lemon|a lemon|lemons; coal=coal|coal|coal; "
        "tomato=ripe tomato|a ripe tomato|ripe tomatoes; "
        "carrot=carrot|a carrot|carrots; milk=milk|milk|milk; "
        "banana=ripe banana|a ripe banana|ripe bananas; "
        "blood=blood|blood|blood; raven=raven|a raven|ravens; "
        "flamingo=flamingo|a flamingo|flamingos; "
        "chestnut=chestnut|a chestnut|chestnuts"
    ),
    "ru": table(
        "dog=собака|собаки|f|собаки|собак; cat=кошка|кошки|f|кошки|кошек; "
        "cow=корова|коровы|f|коровы|коров; sheep=овца|овцы|f|овцы|овец; "
        "duck=утка|утки|f|утки|уток; frog=лягушка|лягушки|f|лягушки|лягушек; "
        "mouse=мышь|мыши|f|мыши|мышей; hen=курица|курицы|f|куры|кур; "
        "pig=свинья|свиньи|f|свиньи|свиней; "
        "horse=лошадь|лошади|f|лошади|лошадей; "
        "panda=панда|панды|f|панды|панд; squirrel=белка|белки|f|белки|белок; "
        "owl=сова|совы|f|совы|сов; bee=пчела|пчелы|f|пчёлы|пчёл; "
        "monkey=обезьяна|обезьяны|f|обезьяны|обезьян; "
        "koala=коала|коалы|m|коалы|коал; "
        "brown_bear=бурый медведь|бурого медведя|m|"
        "бурые медведи|бурых медведей; "
        "penguin=пингвин|пингвина|m|пингвины|пингвинов; "
        "camel=верблюд|верблюда|m|верблюды|верблюдов; "
        "polar_bear=белый медведь|белого медведя|m|"
        "белые медведи|белых медведей; "
        "whale=кит|кита|m|киты|китов; "
        "rabbit=кролик|кролика|m|кролики|кроликов; "
        "spider=паук|паука|m|пауки|пауков; mole=крот|крота|m|кроты|кротов; "
        "lion=лев|льва|m|львы|львов; "
        "kangaroo=кенгуру|кенгуру|m|кенгуру|кенгуру; "
        "ant=муравей|муравья|m|муравьи|муравьёв; "
        "ostrich=страус|страуса|m|страусы|страусов; "
        "beetle=жук|жука|m|жуки|жуков; grass=трава|травы|f|травы|трав; "
        "snow=снег|снега|m|снега|снегов; "
        "sky=ясное небо|ясного неба|n|небеса|небес; "
        "lemon=лимон|лимона|m|лимоны|лимонов; coal=уголь|угля|m|угли|углей; "
        "tomato=спелый помидор|спелого помидора|m|помидоры|помидоров; "
        "carrot=морковь|моркови|f|моркови|морковей; "
        "milk=молоко|молока|n|молоко|молока; "
        "banana=спелый банан|спелого банана|m|бананы|бананов; "
        "blood=кровь|крови|f|крови|кровей; "
        "raven=ворон|ворона|m|вороны|воронов; "
        "flamingo=фламинго|фламинго|m|фламинго|фламинго; "
        "chestnut=каштан|каштана|m|каштаны|каштанов"
    ),
    "zh": table(
        "dog=狗; cat=猫; cow=牛; sheep=羊; duck=鸭子; frog=青蛙; mouse=老鼠; "
        "hen=母鸡; pig=猪; horse=马; panda=熊猫; squirrel=松鼠; owl=猫头鹰; "
        "bee=蜜蜂; monkey=猴子; koala=考拉; brown_bear=棕熊; penguin=企鹅; "
        "camel=骆驼; polar_bear=北极熊; whale=鲸鱼; rabbit=兔子; spider=蜘蛛; "
        "mole=鼹鼠; lion=狮子; kangaroo=袋鼠; ant=蚂蚁; ostrich=鸵鸟; "
        "beetle=甲虫; grass=草; snow=雪; sky=晴朗的天空; lemon=柠檬; coal=煤; "
        "tomato=熟透的番茄; carrot=胡萝卜; milk=牛奶; banana=熟透的香蕉; "
        "blood=血; raven=乌鸦; flamingo=火烈鸟; chestnut=栗子"
    ),
}
