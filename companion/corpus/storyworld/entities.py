"""Everything a story can be about, before any language names it.

An entity is a plain string; what matters to the plot (who is a girl, what
floats) stands beside it here. How it is called stands in `english`,
`russian` and `chinese`.

Chapter: book/1-language-models/3-measuring.ipynb
"""

GIRLS = (
    *("anna", "kate", "lily", "nina", "sonya", "vera"),
    *("mila", "dasha", "julia", "tanya", "zoe", "rosa"),
)
BOYS = (
    *("max", "leo", "dan", "ben", "mike", "pete"),
    *("nick", "sam", "tim", "paul", "victor", "george"),
)
PEOPLE = {**dict.fromkeys(GIRLS, "f"), **dict.fromkeys(BOYS, "m")}

DAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
WEATHER = ("sunny", "warm", "windy", "cool")
GIVERS = ("grandma", "grandpa", "mum", "dad", "aunt")
LOOKS = ("big", "small", "beautiful", "new")
COLOURS = (
    "red",
    "blue",
    "green",
    "yellow",
    "white",
    "orange",
    "purple",
    "pink",
    "brown",
    "grey",
    "black",
    "golden",
)

# What can happen to a thing: it flies off in the wind, floats, breaks.
OBJECTS: dict[str, frozenset[str]] = {
    "ball": frozenset({"floats"}),
    "kite": frozenset({"flies", "breaks"}),
    "boat": frozenset({"breaks"}),
    "hat": frozenset({"flies", "floats"}),
    "scarf": frozenset({"flies"}),
    "doll": frozenset({"breaks"}),
    "bucket": frozenset({"floats", "breaks"}),
    "umbrella": frozenset({"flies", "floats", "breaks"}),
    "truck": frozenset({"breaks"}),
    "balloon": frozenset({"flies"}),
    "drum": frozenset({"floats", "breaks"}),
    "flag": frozenset({"flies"}),
}

# Only some pets carry things off, or find them by their nose.
PETS: dict[str, tuple[str, bool]] = {
    "dog": ("m", True),
    "puppy": ("m", True),
    "goat": ("f", True),
    "cat": ("f", False),
    "rabbit": ("m", False),
    "parrot": ("m", False),
    "duck": ("f", False),
}
PET_NAMES: dict[str, str] = {
    **dict.fromkeys(("rusty", "buddy", "lucky", "shadow", "biscuit"), "m"),
    **dict.fromkeys(("daisy", "snowy", "honey", "star", "berry"), "f"),
}

# Who comes along: some languages tell a boy from a girl.
RELATIONS: dict[str, str] = {
    "friend_m": "m",
    "friend_f": "f",
    "neighbour_m": "m",
    "neighbour_f": "f",
    "cousin_m": "m",
    "cousin_f": "f",
}

PLACES = ("park", "beach", "forest", "garden", "meadow", "yard", "river")
# Water so wide that a thing can float out of reach.
WIDE = frozenset({"park", "beach", "forest", "meadow", "river"})
GAMES = ("tag", "hide", "jump", "songs", "races", "riddles", "dance")
ANIMALS = ("squirrel", "hedgehog", "frog", "butterfly", "crow", "mouse")
ANIMALS += ("fox", "snail", "owl", "lizard", "turtle", "beetle")
DOINGS = ("eat", "sleep", "look", "hide", "bask")
FOODS = ("apples", "pears", "buns", "berries", "biscuits", "pancakes")
FOODS += ("cherries", "plums", "nuts", "sandwiches")
STRANGERS = ("old_man", "old_woman", "postman", "painter", "tall_girl")
STRANGERS += ("fisherman", "teacher")
SHELTERS = ("tree", "roof", "bridge")
TREES = ("oak", "pine", "birch", "apple_tree")

# Where a lost thing may lie, and the places where that makes no sense.
SPOTS: dict[str, frozenset[str]] = {
    "stone": frozenset(),
    "log": frozenset(),
    "bench": frozenset({"forest", "meadow"}),
    "bush": frozenset({"beach"}),
    "grass": frozenset({"beach"}),
    "fence": frozenset({"beach", "forest", "river"}),
    "basket": frozenset({"forest"}),
    "path": frozenset({"beach"}),
    "tree": frozenset({"beach"}),
}

# How a trouble makes one feel.
MOODS: dict[str, frozenset[str]] = {
    "sad": frozenset({"lost", "wind", "water", "pet", "broke"}),
    "worried": frozenset({"lost", "wind", "water", "pet"}),
    "upset": frozenset({"lost", "wind", "water", "pet", "broke", "quarrel"}),
    "lonely": frozenset({"quarrel"}),
    "hurt": frozenset({"quarrel"}),
}

# The kind of entity that each register of a story holds.
TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "hero": ("person", tuple(PEOPLE)),
    "friend": ("person", tuple(PEOPLE)),
    "day": ("day", DAYS),
    "weather": ("weather", WEATHER),
    "giver": ("giver", GIVERS),
    "look": ("look", LOOKS),
    "colour": ("colour", COLOURS),
    "object": ("object", tuple(OBJECTS)),
    "pet": ("pet", tuple(PETS)),
    "petname": ("petname", tuple(PET_NAMES)),
    "relation": ("relation", tuple(RELATIONS)),
    "place": ("place", PLACES),
    "game": ("game", GAMES),
    "animal": ("animal", ANIMALS),
    "doing": ("doing", DOINGS),
    "food": ("food", FOODS),
    "stranger": ("stranger", STRANGERS),
    "shelter": ("shelter", SHELTERS),
    "tree": ("tree", TREES),
    "spot": ("spot", tuple(SPOTS)),
    "where": ("spot", tuple(SPOTS)),
    "mood": ("mood", tuple(MOODS)),
}

# Registers that hold a role ("hero"), not an entity: who has it in the end.
ROLES: dict[str, tuple[str, ...]] = {
    "holder": ("hero", "friend"),
    "finder": ("hero", "friend", "petname"),
}

# Never the same person, so their names tell two sentences apart.
DISTINCT = frozenset({"hero", "friend"})
