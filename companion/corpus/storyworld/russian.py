"""The story world in Russian, with its cases and genders.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Iterable

from companion.corpus.storyworld.entities import (
    ANIMALS,
    COLOURS,
    DAYS,
    DOINGS,
    FOODS,
    GIVERS,
    LOOKS,
    OBJECTS,
    PEOPLE,
    PET_NAMES,
    PETS,
    PLACES,
    RELATIONS,
    STRANGERS,
    WEATHER,
)
from companion.corpus.storyworld.language import Forms, Language

HUSHING = "гкхжшчщ"


def decline(name: str, gender: str) -> dict[str, str]:
    """Cases of a regular singular noun that is a living being."""
    stem, last = name[:-1], name[-1]
    if last == "я":
        ends = "и", "е", "ю", "ей"
    elif last == "а":
        soft = stem[-1] in "жшчщц"
        plural = "и" if stem[-1] in HUSHING else "ы"
        ends = plural, "е", "у", "ей" if soft else "ой"
    else:
        stem, ends = name, ("а", "у", "а", "ом")
    cases = zip(("gen", "dat", "acc", "ins"), ends, strict=True)
    return {
        "name": name,
        "gender": gender,
        **{case: stem + end for case, end in cases},
    }


def decline_adjective(name: str) -> dict[str, str]:
    """Nominative and accusative of an adjective, by gender and life."""
    stem, hard = name[:-2], name != "синий"
    return {
        "name": name,
        "nom_m": name,
        "nom_f": stem + ("ая" if hard else "яя"),
        "nom_n": stem + ("ое" if hard else "ее"),
        "acc_m": name,
        "acc_f": stem + ("ую" if hard else "юю"),
        "acc_n": stem + ("ое" if hard else "ее"),
        "acc_m_alive": stem + ("ого" if hard else "его"),
    }


def agree(adjective: Forms, noun: Forms, case: str) -> str:
    """The form of an adjective that its noun asks for."""
    alive = "_alive" if case == "acc" and "alive" in noun else ""
    return adjective[f"{case}_{noun['gender']}{alive}"]


def _people(names: str, ids: Iterable[str], genders) -> dict[str, Forms]:
    pairs = zip(ids, names.split(), strict=True)
    return {i: decline(name, genders[i]) for i, name in pairs}


def _adjectives(names: str, ids: Iterable[str]) -> dict[str, Forms]:
    pairs = zip(ids, names.split(), strict=True)
    return {i: decline_adjective(name) for i, name in pairs}


def _table(keys: str, ids: Iterable[str], rows: str) -> dict[str, Forms]:
    """A row of forms for each entity, columns split by commas."""
    lines = rows.strip().splitlines()
    return {
        i: dict(
            zip(
                keys.split(),
                (form.strip() for form in line.split(",")),
                strict=True,
            )
        )
        for i, line in zip(ids, lines, strict=True)
    }


def _objects() -> dict[str, Forms]:
    new = decline_adjective("новый")
    table = _table("gender name gen acc play", OBJECTS, OBJECT_ROWS)
    for i, forms in table.items():
        if i == "kite":
            forms["alive"] = "yes"
        forms["new"] = f"{agree(new, forms, 'acc')} {forms['acc']}"
    return table


OBJECT_ROWS = """
m, мяч, мяча, мяч, бросали мяч друг другу
m, воздушный змей, воздушного змея, воздушного змея, запускали змея
m, кораблик, кораблика, кораблик, пускали кораблик по воде
f, шляпа, шляпы, шляпу, по очереди надевали шляпу
m, шарф, шарфа, шарф, танцевали с шарфом
f, кукла, куклы, куклу, строили домик для куклы
n, ведёрко, ведёрка, ведёрко, собирали камешки в ведёрко
m, зонтик, зонтика, зонтик, крутили зонтик
m, грузовик, грузовика, грузовик, катали грузовик
m, шарик, шарика, шарик, подбрасывали шарик
m, барабан, барабана, барабан, били в барабан
m, флажок, флажка, флажок, махали флажком
"""

PLACE_ROWS = """
парк, в парк, в парке, в пруд, из пруда
пляж, на пляж, на пляже, в море, из моря
лес, в лес, в лесу, в ручей, из ручья
сад, в сад, в саду, в фонтан, из фонтана
луг, на луг, на лугу, в ручей, из ручья
двор, во двор, во дворе, в лужу, из лужи
река, на реку, на реке, в реку, из реки
"""

RELATION_ROWS = """
друг, своего друга, своему другу
подруга, свою подругу, своей подруге
сосед, своего соседа, своему соседу
соседка, свою соседку, своей соседке
двоюродный брат, своего двоюродного брата, своему двоюродному брату
двоюродная сестра, свою двоюродную сестру, своей двоюродной сестре
"""

DAY_ROWS = """
m, понедельник, понедельник
m, вторник, вторник
f, среда, среду
m, четверг, четверг
f, пятница, пятницу
f, суббота, субботу
n, воскресенье, воскресенье
"""

PET_NAME_ROWS = """
m, Рыжик, Рыжика
m, Дружок, Дружка
m, Тузик, Тузика
m, Уголёк, Уголька
m, Пончик, Пончика
f, Ромашка, Ромашку
f, Снежинка, Снежинку
f, Пчёлка, Пчёлку
f, Звёздочка, Звёздочку
f, Ягодка, Ягодку
"""


def _phrases(**phrases: str) -> dict[str, Forms]:
    return {i: {"name": phrase} for i, phrase in phrases.items()}


LEXICON = {
    "person": _people(
        "Аня Катя Лиля Нина Соня Вера Мила Даша "
        "Юля Таня Зоя Роза Максим Лёва Денис Боря Миша Петя Коля Семён "
        "Тимур Паша Витя Егор",
        PEOPLE,
        PEOPLE,
    ),
    "day": _table("gender name acc", DAYS, DAY_ROWS),
    "weather": _adjectives("солнечный тёплый ветреный прохладный", WEATHER),
    "giver": _people(
        "бабушка дедушка мама папа тётя",
        GIVERS,
        dict(zip(GIVERS, "fmfmf", strict=True)),
    ),
    "look": _adjectives("большой маленький красивый новый", LOOKS),
    "colour": _adjectives(
        "красный синий зелёный жёлтый белый "
        "оранжевый фиолетовый розовый коричневый "
        "серый чёрный золотой",
        COLOURS,
    ),
    "object": _objects(),
    "pet": _people(
        "пёс щенок козочка кошка кролик попугай уточка",
        PETS,
        {pet: gender for pet, (gender, _) in PETS.items()},
    ),
    "petname": _table("gender name acc", PET_NAMES, PET_NAME_ROWS),
    "relation": _table(
        "name own_acc own_dat",
        RELATIONS,
        RELATION_ROWS,
    ),
    "place": _table("name to in water_to water_from", PLACES, PLACE_ROWS),
    "game": _phrases(
        tag="играли в догонялки",
        hide="играли в прятки",
        jump="прыгали через скакалку",
        songs="пели весёлые песни",
        races="бегали наперегонки",
        riddles="загадывали загадки",
        dance="кружились в танце",
    ),
    "animal": _people(
        "белка ёжик лягушка бабочка ворона мышка "
        "лиса улитка сова ящерица черепаха жук",
        ANIMALS,
        dict(zip(ANIMALS, "fmfffffffffm", strict=True)),
    ),
    "doing": _table(
        "past_m past_f",
        DOINGS,
        "что-то ел, что-то ела\nспал, спала\n"
        "смотрел на них, смотрела на них\n"
        "прятался за камнем, пряталась за камнем\n"
        "грелся на солнышке, грелась на солнышке",
    ),
    "food": _table(
        "name gen",
        FOODS,
        "яблоки, яблок\nгруши, груш\nбулочки, булочек\n"
        "ягоды, ягод\nпеченье, печенья\nблинчики, блинчиков\n"
        "вишни, вишен\nсливы, слив\nорехи, орехов\n"
        "бутерброды, бутербродов",
    ),
    "stranger": _table(
        "gender name acc",
        STRANGERS,
        "m, старик, старика\nf, старушка, старушку\n"
        "m, почтальон, почтальона\nm, художник, художника\n"
        "f, высокая девушка, высокую девушку\n"
        "m, рыбак, рыбака\nf, учительница, учительницу",
    ),
    "shelter": _phrases(
        tree="под большим деревом",
        roof="под старым навесом",
        bridge="под мостиком",
    ),
    "tree": _phrases(
        oak="на старом дубе",
        pine="на высокой сосне",
        birch="на белой берёзе",
        apple_tree="на яблоне",
    ),
    "spot": _phrases(
        stone="за большим камнем",
        log="за бревном",
        bench="под скамейкой",
        bush="под кустом",
        grass="в высокой траве",
        fence="у забора",
        basket="у пустой корзины",
        path="у тропинки",
        tree="за деревом",
    ),
    "mood": _phrases(
        sad="грустно",
        worried="тревожно",
        upset="досадно",
        lonely="одиноко",
        hurt="обидно",
    ),
}

TEMPLATES = {
    # choices of things and people
    "day": "{weather~day.acc} {day.acc}",
    "day.was": "{day:Был/Была/Было} {weather~day.nom} {day}",
    "hero": "{hero}",
    "hero.dat": "{hero.dat}",
    "hero.acc": "{hero.acc}",
    "hero.named": "{hero:жил мальчик/жила девочка} по имени {hero}",
    "giver": "{giver}",
    "giver.gen": "{giver.gen}",
    "thing": "{look~object.acc} {colour~object.acc} {object.acc}",
    "thing.had": (
        "{object:был/была/было} {look~object.nom} {colour~object.nom} {object}"
    ),
    "pet.had": "{pet:был/была} {pet} по кличке {petname}",
    "pet.own": "{pet:был/была} {pet} {petname}",
    "friend": "{hero:его/её} {relation} {friend}",
    "friend.acc": "{relation.own_acc} {friend.acc}",
    "friend.dat": "{relation.own_dat} {friend.dat}",
    "place": "{place.to}",
    "game": "{game}",
    "mood": "{mood}",
    "animal": "{animal.acc}. {animal:Он/Она} {doing~animal.past}",
    "food.gen": "{food.gen}",
    "stranger": "{stranger.acc}",
    "shelter": "{shelter}",
    "tree": "{tree}",
    "spot": "{spot}",
    "where": "{where}",
    # opening
    "open.gift": (
        "В {?day} {?giver} {giver:подарил/подарила} {?hero.dat} {?thing}. "
        "{?second}"
    ),
    "open.once": (
        "Когда-то {?hero.named}. {?day.was}, и {?giver} "
        "{giver:подарил/подарила} {hero:ему/ей} {?thing}. {?second}"
    ),
    "open.about": (
        "Это рассказ про {?hero.acc}. У {hero:него/неё} {?thing.had}, "
        "подарок {?giver.gen}. {?day.was}. {?second}"
    ),
    "pet.has": (
        "Ещё у {hero.gen} {?pet.had}, и они всегда были вместе. {?go}"
    ),
    "pet.follows": (
        "Куда бы ни {hero:шёл/шла} {hero}, "
        "с {hero:ним/ней} всегда {?pet.own}. {?go}"
    ),
    "go.together": "{hero} и {?friend} пошли {?place}. {?play}",
    "go.meet": (
        "{hero} {hero:взял/взяла} {object.acc} и {hero:пошёл/пошла} "
        "{?place}. Там {hero:он/она} {hero:встретил/встретила} "
        "{?friend.acc}. {?play}"
    ),
    "go.say": (
        "«Пойдём вместе {?place}!» — {hero:сказал/сказала} {hero} "
        "{?friend.dat}. Они взяли {object.acc} и побежали туда. {?play}"
    ),
    "play.toy": "Они {object.play} и смеялись. {?trouble}",
    "play.game": "Сначала они {?game}. {?trouble}",
    "play.both": "Они {object.play}, а потом {?game}. {?trouble}",
    # trouble
    "trouble.lost": (
        "Немного погодя {hero} {hero:огляделся/огляделась}. "
        "{^object.gen} нигде не было. {?feel}"
    ),
    "trouble.gone": (
        "Вскоре {friend} {friend:спросил/спросила}: "
        "«Где {object:твой/твоя/твоё} {object}?» "
        "Но этого никто не знал. {?feel}"
    ),
    "trouble.wind": "Вдруг сильный ветер унёс {object.acc}. {?feel}",
    "trouble.water": (
        "Вдруг {object} {object:упал/упала/упало} {place.water_to}. {?feel}"
    ),
    "trouble.pet": (
        "Вдруг {petname} {petname:схватил/схватила} {object.acc} "
        "и {petname:убежал/убежала}. {?feel}"
    ),
    "trouble.broke": (
        "Но {object} {object:упал/упала/упало} на камень "
        "и {object:сломался/сломалась/сломалось}. {?feel}"
    ),
    "trouble.quarrel": (
        "Но {friend} тоже {friend:захотел/захотела} подержать "
        "{object.acc}, и они начали ссориться. {?feel}"
    ),
    "trouble.mine": (
        "«Дай мне {object.acc}!» — {friend:сказал/сказала} {friend}. "
        "«Нет, {object:он мой/она моя/оно моё}!» — "
        "{hero:ответил/ответила} {hero}. {?feel}"
    ),
    "feel.was": "{hero.dat} стало очень {?mood}. {?talk}",
    "feel.felt": "От этого {hero.dat} стало {?mood}. {?talk}",
    "feel.sat": (
        "{hero:Бедный/Бедная} {hero} {hero:сел/села} в сторонке: "
        "{hero:ему/ей} было {?mood}. {?talk}"
    ),
    "talk.worry": (
        "«Не волнуйся, — {friend:сказал/сказала} {friend}. — "
        "Я тебе помогу». {?middle}"
    ),
    "talk.cry": (
        "«Не плачь, пожалуйста», — {friend:сказал/сказала} {friend} "
        "и {friend:взял/взяла} {hero.acc} за руку. {?middle}"
    ),
    "talk.search": (
        "«Давай поищем вместе», — {friend:предложил/предложила} {friend}. "
        "{?middle}"
    ),
    # on the way
    "mid.animal": ("Тут они увидели {?animal}. {?middle}"),
    "mid.rain": (
        "Пошёл дождь, и они спрятались {?shelter}. "
        "Вскоре снова выглянуло солнце. {?middle}"
    ),
    "mid.eat": "Они проголодались, сели и поели {?food.gen}. {?middle}",
    "mid.ask": (
        "Они встретили {?stranger} и спросили: "
        "«Вы не видели {colour~object.acc} {object.acc}?» "
        "Но {stranger:он/она} только {stranger:покачал/покачала} головой. "
        "{?middle}"
    ),
    "mid.look": "Они поискали {?spot}, но ничего там не нашли. {?middle}",
    "mid.pet": (
        "{petname} {petname:подошёл/подошла} и {petname:сел/села} "
        "рядом с {hero.ins}. {?middle}"
    ),
    # how it ends
    "find.hero": (
        "Наконец {hero} {hero:нашёл/нашла} {object.acc} {?where}. {?keep}"
    ),
    "find.friend": (
        "Наконец {friend} {friend:нашёл/нашла} {object.acc} {?where}. {?keep}"
    ),
    "find.pet": (
        "Наконец {petname} {petname:побежал/побежала} вперёд "
        "и {petname:нашёл/нашла} {object.acc} {?where}. {?keep}"
    ),
    "pet.hero": (
        "Наконец {hero} {hero:увидел/увидела} {petname.acc} {?where} "
        "и {hero:забрал/забрала} {object.acc}. {?keep}"
    ),
    "pet.friend": (
        "Наконец {friend} {friend:увидел/увидела} {petname.acc} {?where} "
        "и {friend:забрал/забрала} {object.acc}. {?keep}"
    ),
    "pet.back": (
        "Наконец {petname} {petname:вернулся/вернулась} "
        "и {petname:принёс/принесла} {object.acc}. {?keep}"
    ),
    "tree.hero": (
        "Наконец {hero} {hero:увидел/увидела} {object.acc} {?tree}, "
        "{hero:залез/залезла} наверх и {hero:снял/сняла} "
        "{object:его/её/его}. {?keep}"
    ),
    "tree.friend": (
        "Наконец {friend} {friend:увидел/увидела} {object.acc} {?tree}, "
        "{friend:залез/залезла} наверх и {friend:снял/сняла} "
        "{object:его/её/его}. {?keep}"
    ),
    "water.hero": (
        "Тогда {hero} {hero:взял/взяла} длинную палку "
        "и {hero:вытащил/вытащила} {object.acc} {place.water_from}. {?keep}"
    ),
    "water.friend": (
        "Тогда {friend} {friend:взял/взяла} длинную палку "
        "и {friend:вытащил/вытащила} {object.acc} {place.water_from}. "
        "{?keep}"
    ),
    "fix.hero": (
        "Тогда {hero} {hero:принёс/принесла} из дома клей "
        "и {hero:починил/починила} {object.acc}. {?keep}"
    ),
    "fix.friend": (
        "Тогда {friend} {friend:принёс/принесла} из дома клей "
        "и {friend:починил/починила} {object.acc}. {?keep}"
    ),
    "turns.hero": (
        "Тогда {hero} {hero:сказал/сказала}: "
        "«Прости меня. Давай играть по очереди». {?keep}"
    ),
    "turns.friend": (
        "Тогда {friend} {friend:сказал/сказала}: "
        "«Прости меня. Давай играть по очереди». {?keep}"
    ),
    "never.found": (
        "В конце концов {object.acc} так никто и не нашёл. {?sadly}"
    ),
    "never.pet": (
        "Наконец {petname} {petname:вернулся/вернулась}, "
        "но без {object.gen}. {?sadly}"
    ),
    "never.water": (
        "Но {object} {object:уплыл/уплыла/уплыло} далеко, "
        "и никто не смог {object:его/её/его} достать. {?sadly}"
    ),
    "never.fixed": "Но никто не смог починить {object.acc}. {?sadly}",
    "never.friends": (
        "В конце концов {friend} {friend:ушёл/ушла} домой "
        "{friend:один/одна}. {?sadly}"
    ),
    "keep.hero": (
        "{hero} {hero:засмеялся/засмеялась} "
        "и {hero:понёс/понесла} {object.acc} домой. {?evening}"
    ),
    "keep.hold": (
        "С тех пор {hero} крепко {hero:держал/держала} {object.acc}. "
        "{?evening}"
    ),
    "keep.friend": (
        "И {hero} {hero:предложил/предложила} {friend.dat}: "
        "«Возьми сегодня {object.acc} домой». {?evening}"
    ),
    "keep.home": (
        "{hero} так {hero:обрадовался/обрадовалась}, "
        "что {hero:одолжил/одолжила} {friend.dat} {object.acc}. {?evening}"
    ),
    # evening
    "eve.ask": (
        "Дома {giver} {giver:спросил/спросила}: «Где вы были?» "
        "— «Мы были {place.in}», — {hero:ответил/ответила} {hero}. {?close}"
    ),
    "eve.told": (
        "Вечером {hero} {hero:рассказал/рассказала} {giver.dat} "
        "про {friend.acc} и про {colour~object.acc} {object.acc}. {?close}"
    ),
    "eve.animal": (
        "Вечером {hero} {hero:рассказал/рассказала} {giver.dat} "
        "про {animal.acc}. {?close}"
    ),
    "eve.food": (
        "За ужином {hero} не {hero:хотел/хотела} есть, потому что "
        "{hero:съел/съела} слишком много {food.gen}. {?close}"
    ),
    "sad.hug": (
        "{^giver} {giver:обнял/обняла} {hero.acc} "
        "и {giver:сказал/сказала}: «Завтра будет лучше». {?sad_last}"
    ),
    "sad.promise": (
        "Дома {giver} {giver:пообещал/пообещала} {hero.dat} "
        "{object.new}. {?sad_last}"
    ),
    "sad.sorry": (
        "«Завтра я попрошу у {friend.gen} прощения», — "
        "{hero:сказал/сказала} {hero} {giver.dat}. {?sad_last}"
    ),
    "sad.still": (
        "{hero.dat} всё ещё было {mood}, когда {giver} "
        "{giver:пришёл/пришла} пожелать {hero:ему/ей} спокойной ночи. "
        "{?sad_last}"
    ),
    "close.bed": (
        "Ночью {holder} крепко {holder:спал/спала}, "
        "а {colour~object.nom} {object} "
        "{object:лежал/лежала/лежало} у кровати. {?last}"
    ),
    "close.sleep": (
        "На стуле {object:лежал/лежала/лежало} {colour~object.nom} "
        "{object}, а {holder} {holder:уснул/уснула} с улыбкой. {?last}"
    ),
    "close.mood": (
        "{hero.dat} больше не было {mood}: {colour~object.nom} {object} "
        "{object:был/была/было} рядом. {?last}"
    ),
    "close.lent": (
        "{hero.dat} больше не было {mood}, а {colour~object.nom} {object} "
        "на ночь {object:остался/осталась/осталось} у {holder.gen}. {?last}"
    ),
    "last.end": "{END}",
    "last.day": (
        "{day:Это был лучший/Это была лучшая/Это было лучшее} "
        "{day} в году. {END}"
    ),
    "last.pet": "{petname} сладко {petname:спал/спала}. {END}",
    "last.weather": "Так прошёл этот {weather.nom_m} и счастливый день. {END}",
    "sad.over": (
        "{day:Так закончился этот/Так закончилась эта/Так закончилось это} "
        "{weather~day.nom} {day}. {END}"
    ),
}

QUESTIONS = {
    "giver": ("Кто подарил {hero.dat} {object.acc}?", "{giver}"),
    "colour": (
        "Какого цвета {object:был/была/было} {object}?",
        "{colour~object.nom}",
    ),
    "object": (
        "Что {hero:получил/получила} в подарок {hero}?",
        "{colour~object.acc} {object.acc}",
    ),
    "pet": (
        "Как звали питомца {hero.gen}?",
        "{petname}",
    ),
    "friend": ("Кто играл вместе с {hero.ins}?", "{friend}"),
    "place": ("Где играли {hero} и {friend}?", "{place.in}"),
    "day": ("Какой это был день недели?", "{day}"),
    "mood": ("Каково было {hero.dat}, когда случилась беда?", "{mood}"),
    "food": ("Что ели {hero} и {friend}?", "{food}"),
    "animal": ("Кого увидели {hero} и {friend}?", "{animal.acc}"),
    "where": (
        "Где {object:нашёлся/нашлась/нашлось} {object}?",
        "{where}",
    ),
    "finder": ("Кто нашёл {object.acc} {where}?", "{finder}"),
    "holder": (
        "У кого {object:остался/осталась/осталось} {object} в конце?",
        "у {holder.gen}",
    ),
}

LANGUAGE = Language(
    code="ru",
    spaced=True,
    lexicon=LEXICON,
    templates=TEMPLATES,
    questions=QUESTIONS,
    agree=agree,
)
