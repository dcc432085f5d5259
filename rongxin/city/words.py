"""The invented vocabulary: what places, firms and persons of 云州市 are called.

云州市 does not exist. Its region code 9901xx is unallocated in GB/T 2260, its surnames are rare and its
brands are put together from characters by number: nobody real is meant, and no two subjects share a name but
those of the story of the name clash.
"""

from __future__ import annotations

from rongxin.city.streams import Stream

CITY = "云州市"
CITY_CODE = "990100"
PROVINCE = "云岭省"
MARK = "虚构"
NOTICE = "虚构数据 INVENTED: 云州市、其中的企业和个人均为虚构，仅供演示和测试"

#: District code → name. The codes lie in a block that GB/T 2260 leaves empty.
DISTRICTS = {
    "990101": "云溪区",
    "990102": "星槐区",
    "990103": "岚桥区",
    "990104": "霁湖区",
    "990105": "砚山县",
    "990106": "芷江浦县",
}
DISTRICT_WEIGHTS = {"990101": 26, "990102": 22, "990103": 18, "990104": 14, "990105": 11, "990106": 9}

TOWNS = ("青禾镇", "白鹭镇", "石榴镇", "桐花乡", "晚渡镇", "听泉乡", "麦浪镇", "云上乡")
ROADS = (
    "星槐路",
    "听雨街",
    "桐花大道",
    "青岚路",
    "望舒街",
    "砚池巷",
    "鹿鸣路",
    "长汀街",
    "松间路",
    "晴川大道",
)

#: Brand characters; a brand is three of them, chosen by the subject's number.
BRAND = (
    "禾槐桐榆柳枫檀楠梓杉椿桂棠梨桃杏柏松竹兰荷莲芷蕙芸苇蓝碧青墨素银玉珏琮瑾瑶璞琅珂璟澄清浅溪泉澜沧渡湾"
    "洲汀浦泽湖岚岭峰岳峦崖岩谷原野星辰曦晖晴霁霞虹雪霜露雨雾岁春秋晨暮夕月光朗鹿鹤雁鸢鹭鸿鹄鲸鲤鲲砚笺琴笛箫"
    "舟帆桥亭阁苑庭径岸屿麦粟稷茶橙柚榴葵萱蔓蕊茉莉薇藤苔"
)
#: Prime to the number of brands, so that multiplying shuffles them without a collision.
_BRAND_STEP = 1_299_709

SURNAMES = (
    "云",
    "岚",
    "霁",
    "桐",
    "槐",
    "芷",
    "砚",
    "墨",
    "榆",
    "檀",
    "苇",
    "汀",
    "渡",
    "青岚",
    "望舒",
    "听雨",
)
GIVEN = "一二三四五六七八九十百千万小大阿禾麦谷粟豆瓜果叶花草木林森石山川江河湖海星月日风雨雪云春夏秋冬"


def brand(seed: int, number: int) -> str:
    """The three characters of a subject's brand: different for each number below 2 million."""
    base = len(BRAND)
    position = (number * _BRAND_STEP + seed * 7919) % base**3
    return BRAND[position // base**2] + BRAND[position // base % base] + BRAND[position % base]


def person_name(stream: Stream) -> str:
    """An invented person; one in 60 carries a name with `·`, as masks must be able to take."""
    if stream.chance(1 / 60):
        parts = [stream.pick(GIVEN) for _ in range(5)]
        return f"{''.join(parts[:3])}·{''.join(parts[3:])}"
    given = stream.pick(GIVEN) if stream.chance(0.25) else stream.pick(GIVEN) + stream.pick(GIVEN)
    return stream.pick(SURNAMES) + given


def address(stream: Stream, district: str) -> str:
    """A place of business: city, district, road, number."""
    place = f"{CITY}{DISTRICTS[district]}{stream.pick(ROADS)}{stream.whole(1, 398)}号"
    if stream.chance(0.4):
        place += f"{stream.whole(1, 9)}幢{stream.whole(1, 24)}{stream.whole(1, 12):02d}室"
    return place
