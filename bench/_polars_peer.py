"""The peer of `bench evaluate`: the same 60 indicators over the same files, written for Polars by hand.

Formulas, states and the sum are written out here; weights, bins, edges and cut-offs are read from the
version's parameters, being data. What each engine says of everybody has to add up to the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from _polars_items import AGGREGATES, AS_OF, COUNTS, VERIFIED

from rongxin.evaluation import compiling, loading, packing
from rongxin.evaluation.loading import Specification

FIRMS = ("company", "farmer_cooperative", "village_collective")
EVERYBODY = (*FIRMS, "individual_business")
TWO, COMPANY = ("company", "farmer_cooperative"), ("company",)
LARGEST = 9 * 10**13
HELD, CALLED, VERIFYING = "physical_aggregation", "interface_call", "data_verification"
col = pl.col


def rows(item: str) -> pl.Expr:
    """How many rows of an item count, 0 where there is none."""
    return col(f"n_{item}").fill_null(0)


def number(name: str) -> pl.Expr:
    return col(name).fill_null(0)


def ratio(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    return pl.when(second > 0).then(first * 10_000 // second)


def growth(now: str, before: str) -> pl.Expr:
    return pl.when(col(before) > 0).then((col(now) - col(before)) * 10_000 // col(before))


def months(name: str) -> pl.Expr:
    whole = (AS_OF.year - col(name).dt.year().cast(pl.Int64)) * 12 + AS_OF.month - col(name).dt.month()
    return whole - (col(name).dt.day() > AS_OF.day).cast(pl.Int64)


def months_of(name: str) -> pl.Expr:
    year, month = col(name).str.slice(0, 4).cast(pl.Int64), col(name).str.slice(5, 2).cast(pl.Int64)
    return AS_OF.year * 12 + AS_OF.month - year * 12 - month


def chosen(*ways: tuple[pl.Expr, int], rest: int | None = None) -> pl.Expr:
    made = pl.lit(rest, pl.Int64)
    for test, value in reversed(ways):
        made = pl.when(test).then(pl.lit(value, pl.Int64)).otherwise(made)
    return made


def place(name: str, table: str) -> pl.Expr:
    """The class of an amount among its like: by size alone, as the frozen edges are."""
    made = pl.lit(None, pl.Int64)
    for segment in reversed(loading.load().segments.quantiles[table]):
        edges = [(col(name) < edge, at) for at, edge in enumerate(segment.edges, start=1)]
        own = chosen(*edges, (col(name) >= segment.edges[-1], len(edges) + 1))
        fits = pl.lit(True) if segment.size_class is None else col("size_class") == segment.size_class
        made = pl.when(fits).then(own).otherwise(made)
    return made


@dataclass(frozen=True)
class Made:
    """An indicator: by which channel which items have to be known, for whom it is made, and of what."""

    channel: str
    items: tuple[str, ...]
    kinds: tuple[str, ...]
    value: pl.Expr
    none: str = "value"
    critical: bool = False
    held: bool = True  # or nobody has a history of it yet: where it can't be told, it doesn't apply


def _pledged() -> pl.Expr:
    pledged, capital = col("pledged_equity"), pl.when(known(CALLED, "business_licence")).then(col("capital"))
    scaled = pl.when(pledged > LARGEST // 10_000).then(LARGEST).otherwise(pledged * 10_000)
    made = pl.when(pledged.fill_null(0) == 0).then(0).otherwise(ratio(scaled, capital))
    return least(made, number("pledges") > 0)


def _owed() -> pl.Expr:
    owed, paid = col("arrears_cny"), pl.when(known(CALLED, "tax_payment")).then(col("tax_paid"))
    made = pl.when(paid <= 0).then(1_000_000).otherwise(ratio(owed, paid))
    told = pl.when(owed.fill_null(0) == 0).then(0).otherwise(made)
    return least(told, (number("owed") > 0) | (owed > 0))


def _high_tech() -> pl.Expr:
    """Rows that all leave it blank say nothing."""
    return pl.when(rows("research_and_development") > 0).then(col("high_tech")).otherwise(0)


def known(channel: str, *items: str) -> pl.Expr:
    mask = 0
    for source in compiling.sources(loading.load()):
        mask |= 1 << source.bit if source.item in items and source.channel.value == channel else 0
    return (col("known") & mask) == mask


def least(value: pl.Expr, test: pl.Expr) -> pl.Expr:
    return pl.max_horizontal(value, pl.when(test).then(pl.lit(1, pl.Int64)))


def _indicators() -> Mapping[str, Made]:
    return {**_of_administration(), **_of_business(), **_of_payment(), **_of_courts(), **_of_assets()}


def _of_administration() -> Mapping[str, Made]:
    penalty = ("administrative_penalty",)
    return {
        "A01": Made(
            CALLED,
            ("abnormal_operations_list",),
            EVERYBODY,
            number("listings") + number("dated"),
            critical=True,
        ),
        "A02": Made(
            CALLED, ("serious_violation_list",), EVERYBODY, rows("serious_violation_list"), critical=True
        ),
        "A03": Made(CALLED, ("spot_check",), EVERYBODY, number("failed_spot_checks_36m")),
        "A04": Made(HELD, penalty, EVERYBODY, number("penalties")),
        "A05": Made(HELD, penalty, EVERYBODY, number("fined")),
        "A06": Made(HELD, penalty, EVERYBODY, number("revoked")),
        "A07": Made(HELD, ("administrative_compulsion",), EVERYBODY, number("compulsions")),
        "A08": Made(HELD, ("administrative_permit",), EVERYBODY, col("permit"), "not_applicable"),
        "A09": Made(HELD, ("environmental_credit_rating",), EVERYBODY, col("green"), "not_applicable"),
        "N01": Made(CALLED, ("agricultural_operator",), FIRMS, col("operator"), "not_applicable"),
    }


def _of_business() -> Mapping[str, Made]:
    report, licence = ("annual_report",), ("business_licence",)
    above = col("liabilities") * 10_000 > col("assets") * 7500
    guarantees = chosen(
        ((col("guarantees") > 0) & above, 2), (col("guarantees") > 0, 1), (col("guarantees") <= 0, 0)
    )
    share = number("contribution_percentage")
    return {
        "R01": Made(HELD, licence, EVERYBODY, months("established_on"), "missing"),
        "R02": Made(HELD, licence, EVERYBODY, col("standing"), "missing", critical=True),
        "R03": Made(CALLED, ("change_record",), FIRMS, number("heads")),
        "R04": Made(CALLED, ("change_record",), FIRMS, number("moves")),
        "R05": Made(CALLED, ("change_record",), TWO, number("reductions")),
        "R06": Made(CALLED, licence, TWO, place("capital", "registered_capital_cny"), "missing"),
        "R07": Made(
            CALLED,
            ("shareholder_contribution",),
            TWO,
            ratio(col("contribution_cny"), col("subscribed_contribution_cny")),
            "missing",
        ),
        "R08": Made(CALLED, ("equity_pledge",), COMPANY, _pledged()),
        "R09": Made(CALLED, report, TWO, number("reports")),
        "R11": Made(
            CALLED,
            ("shareholder_contribution",),
            COMPANY,
            chosen((share > 19, 3), (share > 4, 2), (share > 0, 1), (col("holders_told") > 0, 0)),
            "missing",
            held=False,
        ),
        "F01": Made(CALLED, report, FIRMS, ratio(col("liabilities"), col("assets")), "missing"),
        "F02": Made(CALLED, report, FIRMS, ratio(col("net_profit"), col("revenue")), "missing"),
        "F03": Made(CALLED, report, FIRMS, ratio(col("profit"), col("assets")), "missing"),
        "F04": Made(CALLED, report, FIRMS, growth("revenue", "revenue_before"), "missing"),
        "F05": Made(CALLED, report, FIRMS, growth("staff", "staff_before"), "missing"),
        "F06": Made(CALLED, report, FIRMS, guarantees, "missing"),
    }


def _of_payment() -> Mapping[str, Made]:
    tax, fund, insured = ("tax_payment",), ("housing_fund",), ("social_insurance",)
    vat, due = col("vat_paid_cny_12m"), col("vat_payable_cny_12m")
    paid, payable = col("corporate_income_tax_paid_cny_12m"), col("corporate_income_tax_payable_cny_12m")
    income = chosen(((payable > paid) & (payable > 0), 0), (paid > 0, 2), (paid <= 0, 1))
    power = ratio(col("electricity_charge_cny_avg_3m"), col("electricity_charge_cny_avg_12m"))
    fees = ("water_fee", "electricity_fee", "gas_fee")
    days = (pl.lit(AS_OF) - col("last_normal_tax_payment_on")).dt.total_days()
    rating = ("taxpayer_credit_rating",)
    return {
        "F07": Made(CALLED, tax, FIRMS, place("vat_paid_cny_12m", "vat_paid_cny_12m"), "missing"),
        "F08": Made(CALLED, tax, FIRMS, ratio(vat, due), "missing"),
        "F09": Made(CALLED, tax, FIRMS, income, "missing"),
        "F10": Made(CALLED, fees[1:2], FIRMS, power, "missing"),
        "F11": Made(
            CALLED,
            fees[:1],
            FIRMS,
            ratio(col("water_usage_m3_avg_3m"), col("water_usage_m3_avg_6m")),
            "missing",
        ),
        "F12": Made(
            CALLED, fees[2:], FIRMS, ratio(col("gas_usage_m3_avg_3m"), col("gas_usage_m3_avg_6m")), "missing"
        ),
        "T01": Made(CALLED, rating, EVERYBODY, col("rating"), "missing", critical=True),
        "T02": Made(HELD, rating, EVERYBODY, number("best_ratings")),
        "T03": Made(CALLED, ("abnormal_taxpayer",), EVERYBODY, number("abnormal"), critical=True),
        "T04": Made(CALLED, ("tax_arrears",), EVERYBODY, _owed(), critical=True),
        "T05": Made(CALLED, tax, EVERYBODY, col("consecutive_normal_tax_months"), "missing"),
        "T06": Made(CALLED, tax, EVERYBODY, days, "missing"),
        "S01": Made(VERIFYING, insured, EVERYBODY, months_of("pension"), "missing"),
        "S02": Made(VERIFYING, insured, EVERYBODY, col("_band_steps"), "missing", held=False),
        "S03": Made(CALLED, ("work_injury_insurance",), EVERYBODY, col("insured"), "missing"),
        "G01": Made(CALLED, fund, FIRMS, col("fund_months"), "missing"),
        "G02": Made(
            CALLED, fund, FIRMS, growth("contributors_avg_12m", "_contributors_before"), "missing", held=False
        ),
        "G03": Made(CALLED, fund, FIRMS, months("last_normal_contribution_on"), "missing"),
        "U01": Made(CALLED, fees, EVERYBODY, number("water") + number("electricity") + number("gas")),
    }


def _of_courts() -> Mapping[str, Made]:
    judged = ("court_judgment",)
    return {
        "J01": Made(HELD, ("dishonest_judgment_debtor",), EVERYBODY, number("debtor"), critical=True),
        "J02": Made(CALLED, ("terminated_enforcement",), EVERYBODY, number("terminated"), critical=True),
        "J03": Made(CALLED, judged, EVERYBODY, number("debts")),
        "J04": Made(CALLED, judged, EVERYBODY, least(number("_awarded_cny"), number("lost") > 0)),
        "J05": Made(CALLED, judged, EVERYBODY, number("labour")),
        "J07": Made(CALLED, ("bankruptcy",), TWO, number("bankrupt"), critical=True),
    }


def _of_assets() -> Mapping[str, Made]:
    estate, research = ("real_estate",), ("research_and_development",)
    owned = chosen((col("area_sqm") >= 2000, 2), (rows("real_estate") > 0, 1), rest=0)
    mortgaged = ratio(rows("mortgage"), rows("real_estate"))
    return {
        "C01": Made(HELD, ("customs_credit_grade",), FIRMS, col("customs"), "not_applicable"),
        "C02": Made(HELD, ("customs_registration",), FIRMS, col("declarant"), "not_applicable"),
        "E01": Made(VERIFYING, estate, FIRMS, owned),
        "E02": Made(VERIFYING, (*estate, "mortgage"), FIRMS, mortgaged, "not_applicable"),
        "I01": Made(CALLED, ("patent",), FIRMS, number("patents")),
        "I02": Made(HELD, ("trademark",), FIRMS, number("trademarks")),
        "I03": Made(HELD, ("software_copyright",), FIRMS, number("copyrights")),
        "I04": Made(CALLED, research, FIRMS, _high_tech()),
        "I05": Made(CALLED, research, FIRMS, number("supports")),
    }


def score(folder: Path, bucket: int, target: Path) -> None:
    """Score a bucket's subjects and write a row each."""
    spec = loading.load()
    one = pl.scan_parquet(folder / f"sorted-{bucket}-subject.parquet")
    for item, made in AGGREGATES.items():
        own = pl.scan_parquet(folder / f"sorted-{bucket}-{item}.parquet")
        own = own.filter(COUNTS[item]) if item in COUNTS else own
        if item in VERIFIED:
            told = [col("_verified").sum().alias(f"n_{item}")]
            told.append((~col("_verified").fill_null(False)).sum().alias(f"u_{item}"))
        else:
            told = [pl.len().alias(f"n_{item}")]
        counted = [each.cast(pl.Int64) for each in told]
        one = one.join(own.group_by("_subject").agg(*counted, *made), on="_subject", how="left")
    indicators = dict(sorted(_indicators().items()))
    one = one.with_columns(_guarded(made).alias(code) for code, made in indicators.items())
    owed = pl.when(known(CALLED, "tax_arrears")).then(number("owed"))
    listed = pl.when(known(HELD, "serious_dishonesty_list")).then(rows("serious_dishonesty_list"))
    one = one.with_columns(owed.alias("arrears"), listed.alias("dishonesty_list"))
    total = pl.sum_horizontal(_packed(spec, code, made) for code, made in indicators.items())
    one = one.with_columns(total.alias("total"), *_vetoes(spec), _median(spec).alias("median"))
    _graded(spec, one).collect(engine="streaming").write_parquet(target)


def _guarded(made: Made) -> pl.Expr:
    """The number where it is made for the subject, and known, and there is a row if one is needed."""
    tests = [col("kind").is_in(made.kinds), known(made.channel, *made.items)]
    tests += [number(f"u_{item}") == 0 for item in made.items if item in VERIFIED]
    tests += [rows(made.items[0]) > 0] if made.none != "value" else []
    return pl.when(pl.all_horizontal(tests)).then(made.value).cast(pl.Int64)


def _packed(spec: Specification, code: str, made: Made) -> pl.Expr:
    bins = spec.bins(code)
    missing = packing.missing(bins.weight, critical=made.critical)
    out = ~col("kind").is_in(made.kinds) | pl.lit(not made.held)
    if made.none == "not_applicable":
        claimed = [number(f"u_{item}") == 0 for item in made.items if item in VERIFIED]
        out |= pl.all_horizontal(known(made.channel, *made.items), *claimed, rows(made.items[0]) == 0)
    ways = [(col(code) < edge, packing.observed(bins.weight, points)) for edge, points in bins.steps]
    rest = (col(code).is_not_null(), packing.observed(bins.weight, bins.rest))
    return chosen(*ways, rest, (out, 0), rest=missing)


def _vetoes(spec: Specification) -> Iterator[pl.Expr]:
    fired, caps = pl.lit(0, pl.Int64), pl.lit(1000, pl.Int64)
    for at, veto in enumerate(spec.vetoes.vetoes):
        tests = [
            (col(t.of) > t.above if t.above is not None else col(t.of) < t.below).fill_null(False)
            for t in veto.any
        ]
        test = pl.any_horizontal(tests)
        most = -1 if veto.cap == "NR" else spec.grades.highest(veto.cap)
        fired += pl.when(test).then(1 << at).otherwise(0)
        caps = pl.min_horizontal(caps, pl.when(test).then(most).otherwise(1000))
    yield fired.alias("fired")
    yield caps.alias("cap")


def _median(spec: Specification) -> pl.Expr:
    young, micro, others = spec.segments.medians["authorised"]  # type: ignore[index]
    assert young.age is not None
    is_young = col("R01").is_between(young.age[0] * 12, young.age[1] * 12 - 1)
    return chosen((is_young, young.median), (col("size_class") == "micro", micro.median), rest=others.median)


def _graded(spec: Specification, one: pl.LazyFrame) -> pl.LazyFrame:
    grades, thin, a = spec.grades, spec.vetoes.thin_file, spec.grades.shrinkage_hundredths
    parts = {"critical": (0, 8), "weight": (8, 12), "observed": (20, 12), "points": (32, 31)}
    one = one.with_columns(
        (col("total") // (1 << start) % (1 << width)).alias(name) for name, (start, width) in parts.items()
    )
    above = (100 + a) * 10 * col("points") + a * (col("weight") - col("observed")) * col("median")
    below = 100 * col("observed") + a * col("weight")
    raw = pl.when(col("observed") > 0).then((2 * above + below) // (2 * below))
    is_thin = 1000 * col("observed") < thin.coverage_below * col("weight")
    coverage = pl.when(col("weight") > 0).then(1000 * col("observed") // col("weight")).otherwise(0)
    cut = pl.when(col("thin")).then(grades.highest(thin.cap)).otherwise(1000)
    one = one.with_columns(raw.alias("raw"), is_thin.alias("thin"), coverage.alias("coverage"))
    rated = (col("cap") >= 0) & col("raw").is_not_null()
    one = one.with_columns(pl.when(rated).then(pl.min_horizontal("raw", "cap", cut)).alias("score"))
    high = (col("coverage") >= grades.confidence["high"]) & (col("critical") == 0)
    medium = col("coverage") >= grades.confidence["medium"]
    vetoes = col("fired") + pl.when(col("thin")).then(1 << len(spec.vetoes.vetoes)).otherwise(0)
    return one.select(
        "_subject",
        "score",
        _words(grades.grades).alias("grade"),
        _words(grades.public_grades).alias("public_grade"),
        "coverage",
        pl.when(high)
        .then(pl.lit("high"))
        .when(medium)
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low"))
        .alias("confidence"),
        vetoes.alias("vetoes"),
    )


def _words(cuts: Mapping[str, int]) -> pl.Expr:
    made = pl.lit("NR")
    for word, cut in sorted(cuts.items(), key=lambda pair: pair[1]):
        made = pl.when(col("score") >= cut).then(pl.lit(word)).otherwise(made)
    return made
