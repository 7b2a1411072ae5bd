"""The story world in Chinese, with measure words and our segmentation.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Iterable

from companion.corpus.storyworld.entities import (
    COLOURS,
    DAYS,
    GIVERS,
    LOOKS,
    OBJECTS,
    PEOPLE,
    PET_NAMES,
    PETS,
    PLACES,
    RELATIONS,
    WEATHER,
)
from companion.corpus.storyworld.language import Forms, Language


def _named(names: str, ids: Iterable[str], genders=None) -> dict[str, Forms]:
    pairs = zip(ids, names.split(), strict=True)
    return {
        i: {"name": name, "gender": genders[i] if genders else "n"}
        for i, name in pairs
    }


def _phrases(**phrases: str) -> dict[str, Forms]:
    return {i: {"name": phrase} for i, phrase in phrases.items()}


# name, "one" with its measure word, what one plays with it
OBJECT_ROWS = """
皮球, 一个, 互相 扔 皮球
风筝, 一只, 放 风筝
帆船, 一艘, 把 帆船 放 到 水 里 玩
帽子, 一顶, 轮流 戴 帽子
围巾, 一条, 挥 着 围巾 跳舞
洋娃娃, 一个, 给 洋娃娃 搭 房子
水桶, 一只, 用 水桶 装 石子
雨伞, 一把, 转 雨伞 玩
卡车, 一辆, 推 着 卡车 跑
气球, 一个, 拍 气球 玩
手鼓, 一面, 敲 手鼓
旗子, 一面, 摇 旗子
"""

PLACE_ROWS = """
公园, 在 公园 里, 池塘
海边, 在 海边, 大海
树林, 在 树林 里, 小溪
花园, 在 花园 里, 喷水池
草地, 在 草地 上, 小溪
院子, 在 院子 里, 水坑
河边, 在 河边, 小河
"""


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


LEXICON = {
    "person": _named(
        "小红 小丽 美美 婷婷 朵朵 莉莉 雪儿 甜甜 菲菲 琳琳 晴晴 小兰 "
        "小明 小华 小强 乐乐 浩浩 阳阳 东东 军军 "
        "小龙 鹏鹏 磊磊 小杰",
        PEOPLE,
        PEOPLE,
    ),
    "day": _named("星期一 星期二 星期三 星期四 星期五 星期六 星期天", DAYS),
    "weather": _named("晴朗 温暖 刮风 凉爽", WEATHER),
    "giver": _named("奶奶 爷爷 妈妈 爸爸 姑姑", GIVERS),
    "look": _named("大大 小小 漂亮 崭新", LOOKS),
    "colour": _named(
        "红色 蓝色 绿色 黄色 白色 橙色 紫色 粉色 棕色 灰色 黑色 金色", COLOURS
    ),
    "object": _table("name one play", OBJECTS, OBJECT_ROWS),
    "pet": _named("大狗 小狗 小羊 小猫 兔子 鹦鹉 鸭子", PETS),
    "petname": _named(
        "旺旺 豆豆 福福 点点 皮皮 花花 雪球 蜜蜜 星星 果果", PET_NAMES
    ),
    "relation": _named("朋友 朋友 邻居 邻居 表弟 表妹", RELATIONS),
    "place": _table("name in water", PLACES, PLACE_ROWS),
    "game": _phrases(
        tag="玩 抓人 游戏",
        hide="玩 捉迷藏",
        jump="跳绳",
        songs="唱歌",
        races="赛跑",
        riddles="猜 谜语",
        dance="转 着 圈 跳舞",
    ),
    "animal": _phrases(
        squirrel="松鼠",
        hedgehog="刺猬",
        frog="青蛙",
        butterfly="蝴蝶",
        crow="乌鸦",
        mouse="老鼠",
        fox="狐狸",
        snail="蜗牛",
        owl="猫头鹰",
        lizard="蜥蜴",
        turtle="乌龟",
        beetle="甲虫",
    ),
    "food": _phrases(
        apples="苹果",
        pears="梨",
        buns="面包",
        berries="草莓",
        biscuits="饼干",
        pancakes="煎饼",
        cherries="樱桃",
        plums="李子",
        nuts="坚果",
        sandwiches="三明治",
    ),
    "doing": _phrases(
        eat="在 吃 东西",
        sleep="在 睡觉",
        look="看 着 这边",
        hide="躲 在 石头 后面",
        bask="晒 着 太阳",
    ),
    "stranger": {
        "old_man": {"name": "一位 老爷爷", "gender": "m"},
        "old_woman": {"name": "一位 老奶奶", "gender": "f"},
        "postman": {"name": "一位 邮递员", "gender": "m"},
        "painter": {"name": "一位 画家", "gender": "m"},
        "tall_girl": {"name": "一个 高个子 姑娘", "gender": "f"},
        "fisherman": {"name": "一位 渔夫", "gender": "m"},
        "teacher": {"name": "一位 女老师", "gender": "f"},
    },
    "shelter": _phrases(tree="大树", roof="屋檐", bridge="小桥"),
    "tree": _phrases(
        oak="一棵 老 橡树",
        pine="一棵 高高 的 松树",
        birch="一棵 白桦树",
        apple_tree="一棵 苹果树",
    ),
    "spot": _phrases(
        stone="一块 大 石头 后面",
        log="一根 木头 后面",
        bench="一张 长椅 下面",
        bush="一丛 灌木 下面",
        grass="高高 的 草丛 里",
        fence="篱笆 旁边",
        basket="一个 空 篮子 旁边",
        path="小路 旁边",
        tree="一棵 树 后面",
    ),
    "mood": _phrases(
        sad="难过",
        worried="着急",
        upset="懊恼",
        lonely="孤单",
        hurt="委屈",
    ),
}

TEMPLATES = {
    # choices of things and people
    "day": "一个 {weather} 的 {day}",
    "hero": "{hero}",
    "hero.named": "一个 {hero:小男孩/小女孩} ， 名字 叫 {hero}",
    "giver": "{giver}",
    "thing": "{object.one} {look} 的 {colour} {object}",
    "pet": "一只 {pet} ， 名字 叫 {petname}",
    "pet.own": "{pet} {petname}",
    "friend": "{hero:他/她} 的 {relation} {friend}",
    "friend.own": "自己 的 {relation} {friend}",
    "place": "{place}",
    "game": "{game}",
    "mood": "{mood}",
    "animal": "一只 {animal} 。 它 正 {doing}",
    "food": "{food}",
    "stranger": "{stranger}",
    "shelter": "{shelter}",
    "tree": "{tree}",
    "spot": "{spot}",
    "where": "{where}",
    # opening
    "open.gift": "在 {?day} ， {?giver} 送 给 {?hero} {?thing} 。 {?second}",
    "open.once": (
        "从前 有 {?hero.named} 。 那 是 {?day} ， {?giver} 送 给 "
        "{hero:他/她} {?thing} 。 {?second}"
    ),
    "open.about": (
        "这 是 {?hero} 的 故事 。 {hero:他/她} 有 {?thing} ， "
        "是 {?giver} 送 的 礼物 。 那 是 {?day} 。 {?second}"
    ),
    "pet.has": "{hero} 还 养 了 {?pet} ， 走 到 哪儿 都 带 着 它 。 {?go}",
    "pet.follows": (
        "不管 {hero} 去 哪儿 ， {hero:他/她} 的 {?pet.own} 都 跟着 。 {?go}"
    ),
    "go.together": "{hero} 和 {?friend} 一起 去 了 {?place} 。 {?play}",
    "go.meet": (
        "{hero} 拿 着 {object} 去 了 {?place} 。 在 那里 ， "
        "{hero:他/她} 遇见 了 {?friend} 。 {?play}"
    ),
    "go.say": (
        "“ 我们 一起 去 {?place} 吧 ！ ” {hero} 对 {?friend.own} 说 。 "
        "两个 小伙伴 拿 着 {object} 跑 了 过去 。 {?play}"
    ),
    "play.toy": "两个人 在 那里 {object.play} ， 笑 个 不停 。 {?trouble}",
    "play.game": "两个人 一起 {?game} ， 玩 得 很 开心 。 {?trouble}",
    "play.both": "两个人 先 {object.play} ， 然后 又 {?game} 。 {?trouble}",
    # trouble
    "trouble.lost": "后来 {hero} 四处 一看 ， {object} 不见 了 。 {?feel}",
    "trouble.gone": (
        "不久 ， {friend} 问 ： “ 你 的 {object} 呢 ？ ” "
        "可是 谁 也 不 知道 。 {?feel}"
    ),
    "trouble.wind": "忽然 ， 一阵 大风 把 {object} 吹 走 了 。 {?feel}",
    "trouble.water": "忽然 ， {object} 掉 进 了 {place.water} 里 。 {?feel}",
    "trouble.pet": "忽然 ， {petname} 叼 起 {object} 跑 了 。 {?feel}",
    "trouble.broke": "可是 {object} 掉 在 石头 上 ， 摔 坏 了 。 {?feel}",
    "trouble.quarrel": (
        "可是 {friend} 也 想 拿 {object} ， 两个人 吵 了 起来 。 {?feel}"
    ),
    "trouble.mine": (
        "“ 把 {object} 给 我 ！ ” {friend} 说 。 "
        "“ 不 ， 这 是 我 的 ！ ” {hero} 说 。 {?feel}"
    ),
    "feel.was": "{hero} 非常 {?mood} 。 {?talk}",
    "feel.felt": "这 让 {hero} 觉得 很 {?mood} 。 {?talk}",
    "feel.sat": "可怜 的 {hero} 坐 了 下来 ， 心里 很 {?mood} 。 {?talk}",
    "talk.worry": (
        "“ 别 担心 ， ” {friend} 说 ， “ 我 来 帮 你 。 ” {?middle}"
    ),
    "talk.cry": (
        "“ 别 哭 了 。 ” {friend} 说 着 ， 拉 住 了 {hero} 的 手 。 {?middle}"
    ),
    "talk.search": "“ 我们 一起 找 吧 。 ” {friend} 说 。 {?middle}",
    # on the way
    "mid.animal": ("这时 ， 两个 孩子 看见 了 {?animal} 。 {?middle}"),
    "mid.rain": (
        "天 下 起 雨 来 ， 两个人 躲 到 {?shelter} 下面 。 "
        "不久 ， 太阳 又 出来 了 。 {?middle}"
    ),
    "mid.eat": "肚子 饿 了 ， 两个人 就 坐 下来 吃 了 些 {?food} 。 {?middle}",
    "mid.ask": (
        "路上 遇到 {?stranger} ， 两个人 就 问 ： “ 您 有没有 看见 "
        "{object.one} {colour} 的 {object} ？ ” "
        "可是 {stranger:他/她} 只是 摇 了 摇头 。 {?middle}"
    ),
    "mid.look": "两个人 在 {?spot} 找 了 找 ， 什么 也 没 找到 。 {?middle}",
    "mid.pet": (
        "{petname} 来 到 {hero} 身边 ， 静静 地 陪 着 {hero:他/她} 。 "
        "{?middle}"
    ),
    # how it ends
    "find.hero": "最后 ， {hero} 在 {?where} 找到 了 {object} 。 {?keep}",
    "find.friend": "最后 ， {friend} 在 {?where} 找到 了 {object} 。 {?keep}",
    "find.pet": (
        "最后 ， {petname} 跑 在 前面 ， 在 {?where} 找到 了 {object} 。 "
        "{?keep}"
    ),
    "pet.hero": (
        "最后 ， {hero} 在 {?where} 看见 了 {petname} ， "
        "把 {object} 拿 了 回来 。 {?keep}"
    ),
    "pet.friend": (
        "最后 ， {friend} 在 {?where} 看见 了 {petname} ， "
        "把 {object} 拿 了 回来 。 {?keep}"
    ),
    "pet.back": (
        "最后 ， {petname} 回来 了 ， 还 带 回 了 {object} 。 {?keep}"
    ),
    "tree.hero": (
        "最后 ， {hero} 看见 {object} 挂 在 {?tree} 上 ， "
        "就 爬 上去 把 它 拿 了 下来 。 {?keep}"
    ),
    "tree.friend": (
        "最后 ， {friend} 看见 {object} 挂 在 {?tree} 上 ， "
        "就 爬 上去 把 它 拿 了 下来 。 {?keep}"
    ),
    "water.hero": (
        "后来 {hero} 找来 一根 长 棍子 ， 把 {object} 从 {place.water} 里 "
        "捞 了 上来 。 {?keep}"
    ),
    "water.friend": (
        "后来 {friend} 找来 一根 长 棍子 ， 把 {object} 从 {place.water} 里 "
        "捞 了 上来 。 {?keep}"
    ),
    "fix.hero": (
        "后来 {hero} 从 家里 拿来 胶水 ， 把 {object} 修 好 了 。 {?keep}"
    ),
    "fix.friend": (
        "后来 {friend} 从 家里 拿来 胶水 ， 把 {object} 修 好 了 。 {?keep}"
    ),
    "turns.hero": (
        "后来 {hero} 说 ： “ 对不起 ， 我们 轮流 玩 吧 。 ” {?keep}"
    ),
    "turns.friend": (
        "后来 {friend} 说 ： “ 对不起 ， 我们 轮流 玩 吧 。 ” {?keep}"
    ),
    "never.found": "到 最后 谁 也 没有 找到 {object} 。 {?sadly}",
    "never.pet": (
        "最后 ， {petname} 回来 了 ， 可是 没有 带 回 {object} 。 {?sadly}"
    ),
    "never.water": "可是 {object} 漂 远 了 ， 谁 也 够不着 。 {?sadly}",
    "never.fixed": "可是 谁 也 修 不 好 {object} 。 {?sadly}",
    "never.friends": "最后 ， {friend} 一个 人 回家 了 。 {?sadly}",
    "keep.hero": "{hero} 笑 了 ， 把 {object} 带 回 了 家 。 {?evening}",
    "keep.hold": "从此 ， {hero} 一直 紧紧 地 拿 着 {object} 。 {?evening}",
    "keep.friend": (
        "“ {friend} ， 今天 你 把 {object} 带 回家 吧 。 ” {hero} 说 。 "
        "{?evening}"
    ),
    "keep.home": (
        "{hero} 高兴 极 了 ， 就 把 {object} 借 给 了 {friend} 。 {?evening}"
    ),
    # evening
    "eve.ask": (
        "回到 家 ， {giver} 问 ： “ 你们 去 哪儿 了 ？ ” "
        "“ 我们 去 {place} 玩 了 。 ” {hero} 说 。 {?close}"
    ),
    "eve.told": (
        "晚上 ， {hero} 给 {giver} 讲 了 "
        "{friend} 和 {colour} {object} 的 事 。 {?close}"
    ),
    "eve.animal": "晚上 ， {hero} 给 {giver} 讲 了 {animal} 的 事 。 {?close}",
    "eve.food": (
        "吃 晚饭 时 ， {hero} 一点 也 不 饿 ， 因为 {hero:他/她} 吃 了 "
        "很 多 {food} 。 {?close}"
    ),
    "sad.hug": (
        "{giver} 抱 住 {hero} 说 ： “ 明天 会 更 好 的 。 ” {?sad_last}"
    ),
    "sad.promise": (
        "回到 家 ， {giver} 答应 再 送 给 {hero} {object.one} 新 {object} 。 "
        "{?sad_last}"
    ),
    "sad.sorry": (
        "“ 明天 我 要 跟 {friend} 道歉 。 ” {hero} 对 {giver} 说 。 "
        "{?sad_last}"
    ),
    "sad.still": (
        "{giver} 来 说 晚安 的 时候 ， {hero} 还是 很 {mood} 。 {?sad_last}"
    ),
    "close.bed": (
        "那天 夜里 ， {holder} 睡 得 很 香 ， "
        "{colour} 的 {object} 就 放 在 床边 。 {?last}"
    ),
    "close.sleep": (
        "夜里 ， {colour} 的 {object} 放 在 椅子 上 ， "
        "{holder} 微笑 着 睡着 了 。 {?last}"
    ),
    "close.mood": (
        "{hero} 不再 {mood} 了 ， "
        "把 {colour} 的 {object} 放 在 了 枕头 旁边 。 {?last}"
    ),
    "close.lent": (
        "{hero} 不再 {mood} 了 ， "
        "{colour} 的 {object} 那 一晚 留 在 了 {holder} 身边 。 {?last}"
    ),
    "last.end": "{END}",
    "last.day": "这 是 一年 里 最 棒 的 一个 {day} 。 {END}",
    "last.pet": "{petname} 早 就 睡着 了 。 {END}",
    "last.weather": "{weather} 的 一天 就 这样 快乐 地 过去 了 。 {END}",
    "sad.over": "这个 {weather} 的 {day} 就 这样 过去 了 。 {END}",
}

QUESTIONS = {
    "giver": ("{object} 是 谁 送 给 {hero} 的 ？", "{giver}"),
    "colour": ("{object} 是 什么 颜色 的 ？", "{colour}"),
    "object": (
        "{giver} 送 给 {hero} 什么 礼物 ？",
        "{object.one} {colour} 的 {object}",
    ),
    "pet": ("{hero} 的 {pet} 叫 什么 名字 ？", "{petname}"),
    "friend": ("谁 和 {hero} 一起 玩 ？", "{friend}"),
    "place": ("{hero} 和 {friend} 在 哪儿 玩 ？", "{place.in}"),
    "day": ("这 件 事 发生 在 星期几 ？", "{day}"),
    "mood": ("出 了 事 以后 ， {hero} 心情 怎么样 ？", "{mood}"),
    "food": ("{hero} 和 {friend} 吃 了 什么 ？", "{food}"),
    "animal": ("{hero} 和 {friend} 看见 了 什么 动物 ？", "{animal}"),
    "where": ("{object} 最后 是 在 哪儿 找到 的 ？", "在 {where}"),
    "finder": ("谁 在 {where} 找到 了 {object} ？", "{finder}"),
    "holder": ("最后 {object} 在 谁 那里 ？", "{holder}"),
}

LANGUAGE = Language(
    code="zh",
    spaced=False,
    lexicon=LEXICON,
    templates=TEMPLATES,
    questions=QUESTIONS,
    agree=lambda adjective, noun, case: adjective["name"],
)
