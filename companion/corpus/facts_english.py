"""The world of facts in English.

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
        forms="v|v_a",
        values=table(
            "dog=dog|a dog; cat=cat|a cat; rabbit=rabbit|a rabbit; "
            "parrot=parrot|a parrot; hamster=hamster|a hamster; "
            "turtle=turtle|a turtle; goldfish=goldfish|a goldfish; "
            "pony=pony|a pony; hedgehog=hedgehog|a hedgehog; "
            "duck=duck|a duck"
        ),
        statements=(
            "{who} has {v_a}.",
            "{who}'s pet is {v_a}.",
            "Not long ago {who} got {v_a}.",
        ),
        questions=(
            "What pet does {who} have?",
            "What animal did {who} get not long ago?",
            "What is {who}'s pet?",
        ),
    ),
    "favourite_colour": Wording(
        values=table(
            "red; blue; green; yellow; white; black; purple; orange; pink; "
            "brown"
        ),
        statements=(
            "{who}'s favourite colour is {v}.",
            "Of all colours, {who} likes {v} best.",
            "The colour that {who} loves most is {v}.",
        ),
        questions=(
            "What is {who}'s favourite colour?",
            "Which colour does {who} like best?",
            "Which colour does {who} love most?",
        ),
    ),
    "favourite_food": Wording(
        values=table(
            "pancakes; dumplings; apples; rice; cheese; noodles; potatoes; "
            "bread; ice_cream=ice cream; strawberries"
        ),
        statements=(
            "{who}'s favourite food is {v}.",
            "{who} likes to eat {v} more than anything else.",
            "At lunch {who} always asks for {v}.",
        ),
        questions=(
            "What is {who}'s favourite food?",
            "What does {who} like to eat more than anything else?",
            "What does {who} always ask for at lunch?",
        ),
    ),
    "home": Wording(
        values=table(
            "sea=by the sea; river=by the river; forest=in the forest; "
            "village=in a village; city=in a big city; island=on an island; "
            "mountains=in the mountains; lake=by a lake; "
            "station=near the station; farm=on a farm"
        ),
        statements=(
            "{who} lives {v}.",
            "{who}'s home is {v}.",
            "{who} and <his|her> family live {v}.",
        ),
        questions=(
            "Where does {who} live?",
            "Where is {who}'s home?",
            "Where do {who} and <his|her> family live?",
        ),
    ),
    "hobby": Wording(
        forms="v|v_ing",
        values=table(
            "draw=draw|drawing; swim=swim|swimming; dance=dance|dancing; "
            "read=read books|reading books; sing=sing|singing; "
            "bicycle=ride a bicycle|riding a bicycle; "
            "chess=play chess|playing chess; fish=go fishing|going fishing; "
            "cook=cook|cooking; kite=fly a kite|flying a kite"
        ),
        statements=(
            "{who} likes to {v}.",
            "What {who} enjoys most is {v_ing}.",
            "When {who} has free time, <he|she> loves to {v}.",
        ),
        questions=(
            "What does {who} like to do?",
            "What does {who} enjoy most?",
            "What does {who} love to do when <he|she> has free time?",
        ),
    ),
    "mothers_job": Wording(
        forms="v|v_a",
        values=table(
            "teacher=teacher|a teacher; doctor=doctor|a doctor; "
            "baker=baker|a baker; cook=cook|a cook; "
            "librarian=librarian|a librarian; painter=painter|a painter; "
            "nurse=nurse|a nurse; driver=bus driver|a bus driver; "
            "pilot=pilot|a pilot; vet=vet|a vet"
        ),
        statements=(
            "{who}'s mother is {v_a}.",
            "{who}'s mother works as {v_a}.",
            "For many years {who}'s mother has been {v_a}.",
        ),
        questions=(
            "What is {who}'s mother's job?",
            "What does {who}'s mother do for a living?",
            "What does {who}'s mother work as?",
        ),
    ),
    "instrument": Wording(
        values=table(
            "piano; violin; guitar; drums; flute; trumpet; harp; accordion; "
            "cello; harmonica"
        ),
        statements=(
            "{who} plays the {v}.",
            "{who} practises the {v} every day.",
            "At the school concert {who} plays the {v}.",
        ),
        questions=(
            "Which instrument does {who} play?",
            "Which instrument does {who} practise every day?",
            "What does {who} play at the school concert?",
        ),
    ),
    "age": Wording(
        values=table("5=five; 6=six; 7=seven; 9=nine; 11=eleven; 12=twelve"),
        statements=(
            "{who} is {v} years old.",
            "{who} turned {v} this year.",
            "There were {v} candles on {who}'s birthday cake.",
        ),
        questions=(
            "How old is {who}?",
            "How old did {who} turn this year?",
            "How many candles were there on {who}'s birthday cake?",
        ),
    ),
}

_GENERAL = {
    "sound": Wording(
        values=table(
            "woof; meow; moo; baa; quack; ribbit; squeak; cluck; oink"
        ),
        statements=(
            "{a} says {v}.",
            "The sound {a} makes is {v}.",
            "If you hear {v}, there is {a} nearby.",
        ),
        questions=(
            "What does {a} say?",
            "What sound does {a} make?",
            "What do {many} say?",
        ),
    ),
    "diet": Wording(
        values=table(
            "grass; hay; bamboo; nuts; mice; nectar; grain; insects; fruit; "
            "leaves=eucalyptus leaves; berries; fish"
        ),
        statements=(
            "{a} eats {v}.",
            "{many} eat {v}.",
            "{many} feed on {v}.",
        ),
        questions=(
            "What does {a} eat?",
            "What do {many} eat?",
            "What do {many} feed on?",
        ),
    ),
    "habitat": Wording(
        values=table(
            "hive=in a hive; pond=in a pond; desert=in the desert; "
            "antarctica=in Antarctica; arctic=in the Arctic; "
            "ocean=in the ocean; forest=in the forest; burrow=in a burrow; "
            "tree=in a hollow tree; web=in a web; ground=under the ground; "
            "stable=in a stable; savannah=in the savannah; "
            "australia=in Australia"
        ),
        statements=(
            "{a} lives {v}.",
            "{many} live {v}.",
            "You can find {many} {v}.",
        ),
        questions=(
            "Where does {a} live?",
            "Where do {many} live?",
            "Where can you find {many}?",
        ),
    ),
    "colour": Wording(
        values=table(
            "green; white; blue; yellow; black; red; orange; pink; brown"
        ),
        statements=(
            "{a} is {v}.",
            "The colour of {a} is {v}.",
            "Everyone knows that {a} is {v}.",
        ),
        questions=(
            "What colour is {a}?",
            "What is the colour of {a}?",
            "Which colour does {a} have?",
        ),
    ),
    "legs": Wording(
        values=table("2=two; 4=four; 6=six; 8=eight"),
        statements=(
            "{a} has {v} legs.",
            "{many} have {v} legs.",
            "{many} walk on {v} legs.",
        ),
        questions=(
            "How many legs does {a} have?",
            "How many legs do {many} have?",
            "How many legs do {many} walk on?",
        ),
    ),
}

ENGLISH = Language(
    people=PEOPLE["en"],
    person_forms=PERSON_FORMS["en"],
    subjects=SUBJECTS["en"],
    subject_forms=SUBJECT_FORMS["en"],
    personal=_PERSONAL,
    general=_GENERAL,
)
