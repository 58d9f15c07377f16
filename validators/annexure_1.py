"""Annexure 1 of the e-way bill rules: the goods that need no e-way bill, r1(12)(a), as data.

An HSN code alone rarely says whether goods are of an item: most items have conditions in words,
and most headings hold other goods as well. Whatever the code leaves open is a condition that must
be stated; what is not stated is not so. Annexure 2 lists goods free of tax that do need an e-way
bill: it is information, and gives no exemption.

Source: 17th GST Council agenda, June 2017, page 95.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

CONDITIONS: Final[Mapping[str, str]] = {
    "FRESH": "The goods are fresh: not frozen, dried, preserved or otherwise prepared.",
    "FRESH_OR_CHILLED": "The goods are fresh or chilled: not frozen, dried, salted or smoked.",
    "NOT_UHT": "The milk was not treated at ultra-high temperature.",
    "NOT_SEED": "The goods are not fish, prawn or shrimp seed.",
    "UNWORKED": "The human hair is unworked, washed or scoured at most, or is waste of it.",
    "SAGO_PITH": "The goods are sago pith.",
    "COCONUTS": "The goods are coconuts, fresh or dried.",
    "NOT_IN_BRANDED_UNIT_CONTAINER": "The goods are not put up in unit containers under a "
    "registered brand name.",
    "ATTA_BESAN_SUJI_DALIA_OR_MAIDA": "The goods are atta, besan, suji, dalia or maida.",
    "HOUSEHOLD_OR_NDEC_SUPPLY": "The goods are liquefied petroleum gas for supply to households "
    "or to customers of the non-domestic exempted category (NDEC).",
    "SOLD_UNDER_PDS": "The goods are kerosene oil sold under the public distribution system.",
    "ANIMAL_FEED_OR_FODDER": "The goods are aquatic, poultry or cattle feed, or grass, hay, straw "
    "or husks of cereals or pulses: not concentrates, additives, wheat bran or de-oiled cake.",
    "HUMAN_BLOOD": "The goods are human blood.",
    "CONTRACEPTIVES": "The goods are contraceptives, condoms among them.",
    "ORGANIC_MANURE": "The goods are organic manure.",
    "BOOKS": "The goods are books: not brochures, leaflets or similar printed matter.",
    "KUMKUM_BINDI_ALTA_SINDOOR_OR_KAJAL": "The goods are kumkum, bindi, alta, sindoor or kajal.",
    "NOT_KAJAL_PENCIL_STICK": "The goods are not kajal pencil sticks.",
    "PUFFED_FLATTENED_OR_PARCHED_RICE": "The goods are puffed rice (muri), flattened or beaten "
    "rice (chiura), parched rice (khoi), or parched paddy or rice with sugar or gur (murki).",
    "PAPPAD": "The goods are pappad.",
    "EARTHEN_POTS_OR_CLAY_LAMPS": "The goods are earthen pots or clay lamps.",
    "SPACECRAFT": "The goods are spacecraft, satellites among them, suborbital or spacecraft "
    "launch vehicles, or parts and components of these.",
    "POSTAL_BAGGAGE": "The goods are postal baggage transported by the Department of Posts.",
    "CURRENCY": "The goods are currency: not stamp papers, cheques, or rupee notes being sold to "
    "the Reserve Bank of India.",
    "USED_PERSONAL_EFFECTS": "The goods are used personal and household effects.",
}
"""What a request may state of goods, each with what is thereby declared."""

_UNBRANDED: Final = "NOT_IN_BRANDED_UNIT_CONTAINER"
_ANY_CODE: Final = ("",)


class Goods(NamedTuple):
    """Goods by their HSN codes: those that begin with one of `prefixes` and with none of `but_not`,
    of which every one of `conditions` is stated."""

    prefixes: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    but_not: tuple[str, ...] = ()

    def named_by(self, hsn_code: str) -> bool:
        """Whether a code may be one of these goods, conditions apart."""
        return hsn_code.startswith(self.prefixes) and not (
            self.but_not and hsn_code.startswith(self.but_not)
        )

    @property
    def of_any_code(self) -> bool:
        """Whether their conditions alone tell these goods, whatever their code."""
        return self.prefixes == _ANY_CODE


class Item(NamedTuple):
    """One of the thirty items. Goods are of the item when they are any of its `goods`."""

    number: int
    description: str
    goods: tuple[Goods, ...]


ANNEXURE_1: Final = (
    Item(
        1, "Live animals; live poultry, ducks, geese and guinea fowls", (Goods(("01",)),)
    ),
    # Frozen (0202) and salted, dried or smoked (0210) by their headings; pig and poultry fat (0209)
    # is neither meat nor offal.
    Item(
        2, "Meat and edible offal, fresh or chilled",
        (Goods(("02",), ("FRESH_OR_CHILLED",), ("0202", "0209", "0210")),),
    ),
    # Frozen (0303), dried, salted or smoked (0305) and meal (0309) by their headings.
    Item(
        3, "Live fish; fish, crustaceans, molluscs and other aquatic invertebrates, fresh or "
        "chilled",
        (
            Goods(("0301",), ("NOT_SEED",)),
            Goods(("03",), ("FRESH_OR_CHILLED", "NOT_SEED"), ("0303", "0305", "0309")),
        ),
    ),
    Item(
        4, "Fresh milk, other than UHT milk, and cream",
        (Goods(("0401",), ("FRESH", "NOT_UHT")),),
    ),
    Item(5, "Eggs", (Goods(("0407",)),)),
    Item(
        6, "Human hair, unworked, whether or not washed or scoured; its waste",
        (Goods(("0501",), ("UNWORKED",)),),
    ),
    Item(
        7, "Live trees and other plants; bulbs, roots and the like; cut flowers and ornamental "
        "foliage", (Goods(("06",)),),
    ),
    # Frozen (0710), provisionally preserved (0711) and dried (0712) by their headings; 0713 is item
    # 10. Sago pith is a part of 0714.
    Item(
        8, "Edible vegetables, roots and tubers, fresh or chilled; sago pith",
        (
            Goods(("07",), ("FRESH_OR_CHILLED",), ("0710", "0711", "0712", "0713")),
            Goods(("0714",), ("SAGO_PITH",)),
        ),
    ),
    # 0801 holds Brazil nuts and cashew nuts as well. Frozen (0811), provisionally preserved (0812)
    # and dried (0813) by their headings.
    Item(
        9, "Coconuts and bananas, fresh or dried; other edible fruit and nuts, and peel of citrus "
        "fruit or melons, fresh",
        (
            Goods(("0801",), ("COCONUTS",)),
            Goods(("0803",)),
            Goods(("08",), ("FRESH",), ("0811", "0812", "0813")),
        ),
    ),
    # The text names no heading; 0713 is the tariff's for exactly these.
    Item(
        10, "Dried leguminous vegetables, shelled, other than in branded unit containers",
        (Goods(("0713",), (_UNBRANDED,)),),
    ),
    # The text names no chapter; 10 is the tariff's for cereals.
    Item(11, "Cereals, other than in branded unit containers", (Goods(("10",), (_UNBRANDED,)),)),
    # The text names no heading: flour of wheat (1101), of other cereals (1102), groats and meal
    # (1103), flour of pulses (1106). Each holds other products of milling too.
    Item(
        12, "Atta, besan, suji, dalia and maida, other than in branded unit containers",
        (
            Goods(
                ("1101", "1102", "1103", "1106"), ("ATTA_BESAN_SUJI_DALIA_OR_MAIDA", _UNBRANDED)
            ),
        ),
    ),
    # The text names no heading; 2711 is petroleum gases, natural gas (2711 11, 2711 21) among them.
    Item(
        13, "Liquefied petroleum gas for supply to household and NDEC customers",
        (Goods(("2711",), ("HOUSEHOLD_OR_NDEC_SUPPLY",), ("271111", "271121")),),
    ),
    # The text names no heading; 2710 is every petroleum oil.
    Item(14, "Kerosene oil sold under PDS", (Goods(("2710",), ("SOLD_UNDER_PDS",)),)),
    # Beside the chapter the text names: straw and husks of cereals (1213), hay and fodder (1214).
    # 2302 30 is wheat bran.
    Item(
        15, "Aquatic, poultry and cattle feed; grass, hay, straw and husks of cereals and pulses",
        (Goods(("23", "1213", "1214"), ("ANIMAL_FEED_OR_FODDER",), ("230230",)),),
    ),
    Item(16, "Salt, all types", (Goods(("2501",)),)),
    Item(17, "Human blood", (Goods(("3002",), ("HUMAN_BLOOD",)),)),
    Item(
        18, "Contraceptives of all types; condoms", (Goods(("3006", "4014"), ("CONTRACEPTIVES",)),)
    ),
    # The text names no heading; 3101 is animal and vegetable fertilisers, treated ones too.
    Item(
        19, "Organic manure, other than sold in branded unit containers",
        (Goods(("3101",), ("ORGANIC_MANURE", _UNBRANDED)),),
    ),
    Item(
        20, "Books; newspapers, journals and periodicals; children's picture, drawing or colouring "
        "books", (Goods(("4901",), ("BOOKS",)), Goods(("4902", "4903"))),
    ),
    Item(
        21, "Kumkum, bindi, alta, sindoor and kajal, other than kajal pencil sticks",
        (Goods(("3304",), ("KUMKUM_BINDI_ALTA_SINDOOR_OR_KAJAL", "NOT_KAJAL_PENCIL_STICK")),),
    ),
    Item(
        22, "Puffed rice, flattened or beaten rice, parched rice, parched paddy or rice coated "
        "with sugar or gur", (Goods(("1904",), ("PUFFED_FLATTENED_OR_PARCHED_RICE",)),),
    ),
    Item(23, "Pappad", (Goods(("1905",), ("PAPPAD",)),)),
    Item(24, "Earthen pots and clay lamps", (Goods(("6912",), ("EARTHEN_POTS_OR_CLAY_LAMPS",)),)),
    # The text names no heading: aircraft and spacecraft (8802) and their parts (8803, which since
    # the tariff of 2022 is 8807).
    Item(
        25, "Spacecraft, satellites included, launch vehicles, and their parts and components",
        (Goods(("8802", "8803", "8807"), ("SPACECRAFT",)),),
    ),
    # Of any code but passenger baggage (9803), which Annexure 2 lists.
    Item(
        26, "Postal baggage transported by the Department of Posts",
        (Goods(_ANY_CODE, ("POSTAL_BAGGAGE",), ("9803",)),),
    ),
    # Items 27 and 28 are worded as the sub-chapters of 71: stones and metals 7101 to 7112, articles
    # from 7113. Imitation jewellery (7117) is an article until a later rulebook excepts it.
    Item(
        27, "Natural or cultured pearls, precious or semi-precious stones; precious metals and "
        "metals clad with them",
        (Goods(tuple(f"71{heading:02}" for heading in range(1, 13))),),
    ),
    Item(
        28, "Jewellery, goldsmiths' and silversmiths' wares and other articles",
        (Goods(("7113", "7114", "7115", "7116", "7117")),),
    ),
    # The text names no heading: notes are of 4907 with stamps and cheques, coin of 7118 with coin
    # that is not legal tender.
    Item(29, "Currency", (Goods(("4907", "7118"), ("CURRENCY",)),)),
    Item(
        30, "Used personal and household effects",
        (Goods(_ANY_CODE, ("USED_PERSONAL_EFFECTS",), ("9803",)),),
    ),
)  # fmt: skip


class Finding(NamedTuple):
    """The item that names the code of goods, if any does, and its conditions not stated: none are
    missing when the goods are of the item."""

    item: Item | None
    missing: tuple[str, ...] = ()


NOT_IN_ANNEXURE_1: Final = Finding(None)


@lru_cache(maxsize=32_768)  # Few codes make most goods, mostly with nothing stated of them.
def find(hsn_code: str, stated: tuple[str, ...]) -> Finding:
    """Where goods of an HSN code stand in Annexure 1, given the conditions stated of them.

    Of several items that name the code it is the one that lacks the least, then the first. Items of
    any code count only once all their conditions are stated: every code would lack those.
    """
    found = NOT_IN_ANNEXURE_1
    named = (
        (item, goods) for item in ANNEXURE_1 for goods in item.goods if goods.named_by(hsn_code)
    )
    for item, goods in named:
        missing = tuple(each for each in goods.conditions if each not in stated)
        if not missing:
            return Finding(item)
        if not goods.of_any_code and (found.item is None or len(missing) < len(found.missing)):
            found = Finding(item, missing)
    return found
