"""The story world in English.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from companion.corpus.storyworld.entities import (
    DAYS,
    PEOPLE,
    PET_NAMES,
    PETS,
    RELATIONS,
    WEATHER,
)
from companion.corpus.storyworld.language import Language


def _named(names: str, ids, genders=None) -> dict[str, dict[str, str]]:
    """One plain form each; names in the order of the entities."""
    pairs = zip(ids, names.split(), strict=True)
    return {
        i: {"name": name, "gender": genders[i] if genders else "n"}
        for i, name in pairs
    }


def _phrases(**phrases: str) -> dict[str, dict[str, str]]:
    return {i: {"name": phrase} for i, phrase in phrases.items()}


def _articles(names: str) -> dict[str, dict[str, str]]:
    """Nouns and adjectives with "a" or "an"."""
    return {
        name: {
            "name": name,
            "a": ("an " if name[0] in "aeiou" else "a ") + name,
        }
        for name in names.split()
    }


OBJECTS = {
    "ball": "threw the ball to each other",
    "kite": "flew the kite high in the sky",
    "boat": "sailed the boat",
    "hat": "took turns wearing the hat",
    "scarf": "danced with the scarf",
    "doll": "built a little house for the doll",
    "bucket": "filled the bucket with pebbles",
    "umbrella": "twirled the umbrella",
    "truck": "rolled the truck up and down",
    "balloon": "tossed the balloon into the air",
    "drum": "beat the drum",
    "flag": "waved the flag",
}
# name, where they play, its water
PLACES = {
    "park": ("park", "in the park", "pond"),
    "beach": ("beach", "on the beach", "sea"),
    "forest": ("forest", "in the forest", "stream"),
    "garden": ("garden", "in the garden", "fountain"),
    "meadow": ("meadow", "in the meadow", "stream"),
    "yard": ("yard", "in the yard", "puddle"),
    "river": ("river", "by the river", "river"),
}
STRANGERS = {
    "old_man": ("an old man", "m"),
    "old_woman": ("an old woman", "f"),
    "postman": ("a postman", "m"),
    "painter": ("a painter", "m"),
    "tall_girl": ("a tall girl", "f"),
    "fisherman": ("a fisherman", "m"),
    "teacher": ("a teacher", "f"),
}

LEXICON = {
    "person": _named(
        "Anna Kate Lily Nina Sonya Vera Mila Dasha "
        "Julia Tanya Zoe Rosa Max Leo Dan Ben Mike Pete Nick Sam "
        "Tim Paul Victor George",
        PEOPLE,
        PEOPLE,
    ),
    "day": _named(" ".join(DAYS).title(), DAYS),
    "weather": _named(" ".join(WEATHER), WEATHER),
    "giver": _phrases(
        grandma="Grandma",
        grandpa="Grandpa",
        mum="Mum",
        dad="Dad",
        aunt="Auntie",
    ),
    "look": _phrases(
        big="big", small="small", beautiful="beautiful", new="new"
    ),
    "colour": _articles(
        "red blue green yellow white orange purple pink brown "
        "grey black golden"
    ),
    "object": {i: {"name": i, "play": play} for i, play in OBJECTS.items()},
    "pet": _named(" ".join(PETS), PETS),
    "petname": _named(" ".join(PET_NAMES).title(), PET_NAMES, PET_NAMES),
    "relation": _named(
        "friend friend neighbour neighbour cousin cousin", RELATIONS
    ),
    "place": {
        i: {"name": name, "in": inside, "water": water}
        for i, (name, inside, water) in PLACES.items()
    },
    "game": _phrases(
        tag="played tag",
        hide="played hide and seek",
        jump="skipped rope",
        songs="sang merry songs",
        races="ran races",
        riddles="told riddles",
        dance="danced in a circle",
    ),
    "animal": _articles(
        "squirrel hedgehog frog butterfly crow mouse "
        "fox snail owl lizard turtle beetle"
    ),
    "food": _phrases(
        apples="apples",
        pears="pears",
        buns="buns",
        berries="berries",
        biscuits="biscuits",
        pancakes="pancakes",
        cherries="cherries",
        plums="plums",
        nuts="nuts",
        sandwiches="sandwiches",
    ),
    "doing": _phrases(
        eat="eating something",
        sleep="fast asleep",
        look="looking at them",
        hide="hiding behind a stone",
        bask="basking in the sun",
    ),
    "stranger": {
        i: {"name": name, "gender": gender}
        for i, (name, gender) in STRANGERS.items()
    },
    "shelter": _phrases(
        tree="a big tree", roof="an old roof", bridge="a little bridge"
    ),
    "tree": _phrases(
        oak="an old oak",
        pine="a tall pine",
        birch="a white birch",
        apple_tree="an apple tree",
    ),
    "spot": _phrases(
        stone="behind a big stone",
        log="behind a log",
        bench="under a bench",
        bush="under a bush",
        grass="in the tall grass",
        fence="by the fence",
        basket="in an empty basket",
        path="beside the path",
        tree="behind a tree",
    ),
    "mood": _phrases(
        sad="sad",
        worried="worried",
        upset="upset",
        lonely="lonely",
        hurt="cross",
    ),
}

TEMPLATES = {
    # choices of things and people
    "day": "a {weather} {day}",
    "hero": "{hero}",
    "hero.named": "a {hero:boy/girl} named {hero}",
    "giver": "{giver}",
    "thing": "a {look} {colour} {object}",
    "pet": "a {pet} named {petname}",
    "pet.own": "{pet} {petname}",
    "friend": "{hero:his/her} {relation} {friend}",
    "place": "{place}",
    "game": "{game}",
    "mood": "{mood}",
    "animal": "{animal.a}. It was {doing}",
    "food": "{food}",
    "stranger": "{stranger}",
    "shelter": "{shelter}",
    "tree": "{tree}",
    "spot": "{spot}",
    "where": "{where}",
    # opening
    "open.gift": "On {?day}, {?giver} gave {?hero} {?thing}. {?second}",
    "open.once": (
        "Once there was {?hero.named}. It was {?day}, and {?giver} gave "
        "{hero:him/her} {?thing}. {?second}"
    ),
    "open.about": (
        "This is a story about {?hero}. {hero:He/She} had {?thing}, "
        "a present from {?giver}. It was {?day}. {?second}"
    ),
    "pet.has": (
        "{hero} also had {?pet}, and they were always together. {?go}"
    ),
    "pet.follows": (
        "Wherever {hero} went, {hero:his/her} {?pet.own} went too. {?go}"
    ),
    "go.together": "{hero} and {?friend} went to the {?place}. {?play}",
    "go.meet": (
        "{hero} took the {object} and went to the {?place}. "
        "There {hero:he/she} met {?friend}. {?play}"
    ),
    "go.say": (
        "“Come to the {?place} with me,” said {hero} to {?friend}. "
        "They took the {object} and ran there together. {?play}"
    ),
    "play.toy": "They {object.play} and laughed. {?trouble}",
    "play.game": "First they {?game}. {?trouble}",
    "play.both": "They {object.play}, and then they {?game}. {?trouble}",
    # trouble
    "trouble.lost": (
        "Then {hero} looked around. The {object} was gone. {?feel}"
    ),
    "trouble.gone": (
        "Soon {friend} asked, “Where is your {object}?” "
        "But nobody knew. {?feel}"
    ),
    "trouble.wind": (
        "Suddenly a strong wind carried the {object} away. {?feel}"
    ),
    "trouble.water": (
        "Suddenly the {object} fell into the {place.water}. {?feel}"
    ),
    "trouble.pet": (
        "Suddenly {petname} took the {object} and ran away with it. {?feel}"
    ),
    "trouble.broke": "But the {object} fell on a stone and broke. {?feel}",
    "trouble.quarrel": (
        "But {friend} wanted to hold the {object} too, "
        "and they began to quarrel. {?feel}"
    ),
    "trouble.mine": (
        "“Give me the {object}!” said {friend}. "
        "“No, it is mine!” said {hero}. {?feel}"
    ),
    "feel.was": "{hero} was very {?mood}. {?talk}",
    "feel.felt": "This made {hero} feel {?mood}. {?talk}",
    "feel.sat": "Poor {hero} sat down and felt {?mood}. {?talk}",
    "talk.worry": (
        "“Do not worry,” said {friend}. “I will help you.” {?middle}"
    ),
    "talk.cry": (
        "“Please do not cry,” said {friend} and took {hero} by the hand. "
        "{?middle}"
    ),
    "talk.search": ("“Let us look for it together,” said {friend}. {?middle}"),
    # on the way
    "mid.animal": ("Just then they saw {?animal}. {?middle}"),
    "mid.rain": (
        "It began to rain, so they waited under {?shelter}. "
        "Soon the sun came out again. {?middle}"
    ),
    "mid.eat": "They were hungry, so they sat down and ate {?food}. {?middle}",
    "mid.ask": (
        "They met {?stranger} and asked, “Have you seen {colour.a} {object}?” "
        "But {stranger:he/she} only shook {stranger:his/her} head. {?middle}"
    ),
    "mid.look": "They looked {?spot}, but found nothing there. {?middle}",
    "mid.pet": "{petname} came and sat down next to {hero}. {?middle}",
    # how it ends
    "find.hero": "At last {hero} found the {object} {?where}. {?keep}",
    "find.friend": "At last {friend} found the {object} {?where}. {?keep}",
    "find.pet": (
        "At last {petname} ran ahead and found the {object} {?where}. {?keep}"
    ),
    "pet.hero": (
        "At last {hero} saw {petname} {?where} "
        "and took the {object} back. {?keep}"
    ),
    "pet.friend": (
        "At last {friend} saw {petname} {?where} "
        "and took the {object} back. {?keep}"
    ),
    "pet.back": (
        "At last {petname} came back and brought the {object}. {?keep}"
    ),
    "tree.hero": (
        "At last {hero} saw the {object} in {?tree}, "
        "climbed up and brought it down. {?keep}"
    ),
    "tree.friend": (
        "At last {friend} saw the {object} in {?tree}, "
        "climbed up and brought it down. {?keep}"
    ),
    "water.hero": (
        "Then {hero} took a long stick and pulled the {object} "
        "out of the {place.water}. {?keep}"
    ),
    "water.friend": (
        "Then {friend} took a long stick and pulled the {object} "
        "out of the {place.water}. {?keep}"
    ),
    "fix.hero": (
        "Then {hero} brought some glue from home "
        "and mended the {object}. {?keep}"
    ),
    "fix.friend": (
        "Then {friend} brought some glue from home "
        "and mended the {object}. {?keep}"
    ),
    "turns.hero": (
        "Then {hero} said, “I am sorry. Let us take turns.” {?keep}"
    ),
    "turns.friend": (
        "Then {friend} said, “I am sorry. Let us take turns.” {?keep}"
    ),
    "never.found": "In the end nobody found the {object}. {?sadly}",
    "never.pet": (
        "At last {petname} came back, but without the {object}. {?sadly}"
    ),
    "never.water": (
        "But the {object} floated far away, and nobody could reach it. "
        "{?sadly}"
    ),
    "never.fixed": "But nobody could mend the {object}. {?sadly}",
    "never.friends": "In the end {friend} went home alone. {?sadly}",
    "keep.hero": "{hero} laughed and carried the {object} home. {?evening}",
    "keep.hold": "From then on {hero} held the {object} tight. {?evening}",
    "keep.friend": (
        "“Take the {object} home today, {friend},” said {hero}. {?evening}"
    ),
    "keep.home": (
        "{hero} was so happy that {hero:he/she} lent {friend} "
        "the {object}. {?evening}"
    ),
    # evening
    "eve.ask": (
        "At home {giver} asked, “Where have you been?” "
        "“We were {place.in},” said {hero}. {?close}"
    ),
    "eve.told": (
        "In the evening {hero} told {giver} about {friend} "
        "and the {colour} {object}. {?close}"
    ),
    "eve.animal": (
        "In the evening {hero} told {giver} about the {animal}. {?close}"
    ),
    "eve.food": (
        "At supper {hero} was not hungry, because {hero:he/she} "
        "had eaten so many {food}. {?close}"
    ),
    "sad.hug": (
        "{giver} hugged {hero} and said, “Tomorrow will be a better day.” "
        "{?sad_last}"
    ),
    "sad.promise": (
        "At home {giver} promised {hero} a new {object}. {?sad_last}"
    ),
    "sad.sorry": (
        "“Tomorrow I will say sorry to {friend},” {hero} told {giver}. "
        "{?sad_last}"
    ),
    "sad.still": (
        "{hero} was still {mood} when {giver} came to say good night. "
        "{?sad_last}"
    ),
    "close.bed": (
        "That night {holder} slept well, "
        "with the {colour} {object} by the bed. {?last}"
    ),
    "close.sleep": (
        "At night the {colour} {object} lay on a chair, "
        "and {holder} fell asleep with a smile. {?last}"
    ),
    "close.mood": (
        "{hero} was not {mood} any more "
        "and put the {colour} {object} beside the bed. {?last}"
    ),
    "close.lent": (
        "{hero} was not {mood} any more, and that night "
        "the {colour} {object} stayed with {holder}. {?last}"
    ),
    "last.end": "{END}",
    "last.day": "It was the best {day} of the year. {END}",
    "last.pet": "{petname} was asleep too. {END}",
    "last.weather": "It had been a {weather} and happy day. {END}",
    "sad.over": "So the {weather} {day} was over. {END}",
}

QUESTIONS = {
    "giver": ("Who gave {hero} the {object}?", "{giver}"),
    "colour": ("What colour was the {object}?", "{colour}"),
    "object": ("What did {hero} get from {giver}?", "{colour.a} {object}"),
    "pet": ("What was the {pet} called?", "{petname}"),
    "friend": ("Who played with {hero}?", "{friend}"),
    "place": ("Where did {hero} and {friend} play?", "{place.in}"),
    "day": ("On what day did it happen?", "{day}"),
    "mood": ("How did {hero} feel about the trouble?", "{mood}"),
    "food": ("What did {hero} and {friend} eat?", "{food}"),
    "animal": ("What animal did {hero} and {friend} see?", "{animal.a}"),
    "where": ("Where was the {object} found?", "{where}"),
    "finder": ("Who found the {object} {where}?", "{finder}"),
    "holder": ("Who had the {object} at the end?", "{holder}"),
}

LANGUAGE = Language(
    code="en",
    spaced=True,
    lexicon=LEXICON,
    templates=TEMPLATES,
    questions=QUESTIONS,
    agree=lambda adjective, noun, case: adjective["name"],
)
