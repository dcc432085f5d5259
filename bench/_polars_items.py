"""The peer of `bench evaluate`, first half: what is aggregated of each item's rows, in Polars by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

AS_OF = date(2026, 11, 29)
DUE_YEAR = 2025
#: `newest` keeps day and class in one number.
PACK = 1000
col = pl.col


def within(name: str, since: date) -> pl.Expr:
    return (col(name) > since) & (col(name) <= AS_OF)


def count(test: pl.Expr, name: str) -> pl.Expr:
    return test.sum().cast(pl.Int64).alias(name)


def total(name: str, test: pl.Expr | None = None) -> pl.Expr:
    """A sum in whole units, None where there is nothing to add up."""
    own = col(name) if test is None else col(name).filter(test)
    return pl.when(own.count() > 0).then(own.sum()).floor().cast(pl.Int64).alias(name)


def most(name: str, test: pl.Expr | None = None, alias: str | None = None) -> pl.Expr:
    own = col(name) if test is None else col(name).filter(test)
    return own.max().floor().cast(pl.Int64).alias(alias or name)


def has(name: str, *words: str) -> pl.Expr:
    found = [col(name).str.contains(word, literal=True) for word in words]
    return pl.any_horizontal(found) if len(found) > 1 else found[0]


def classes(*ways: tuple[pl.Expr, int], rest: int | None = None) -> pl.Expr:
    made = pl.lit(rest, pl.Int64)
    for test, value in reversed(ways):
        made = pl.when(test).then(pl.lit(value, pl.Int64)).otherwise(made)
    return made


TWO_YEARS, THREE_YEARS, FIVE_YEARS = date(2024, 11, 29), date(2023, 11, 29), date(2021, 11, 29)
_REVOKED = col("suspended_or_revoked_certificate").is_not_null()
_LEFT = classes(
    (col("decided_on") > date(2026, 5, 29), 100),
    (col("decided_on") > date(2025, 11, 29), 79),
    (col("decided_on") > date(2025, 5, 29), 63),
    (col("decided_on") > date(2024, 11, 29), 50),
    (col("decided_on") > date(2024, 5, 29), 40),
    (col("decided_on") > THREE_YEARS, 31),
    rest=0,
)
_VAT, _INCOME = col("vat_paid_cny_12m"), col("corporate_income_tax_paid_cny_12m")
_FINE, _TAKEN = col("fine_cny"), col("confiscated_cny")
_FINED = pl.when(_FINE.is_not_null() | _TAKEN.is_not_null()).then(_FINE.fill_null(0) + _TAKEN.fill_null(0))
_DEFENDANT = within("published_on", THREE_YEARS) & col("_as_defendant") & col("_lost")
_REPORTED, _BEFORE = col("report_year") == DUE_YEAR, col("report_year") == DUE_YEAR - 1
_OPEN = ("在业", "在营", "存续", "存续（在营、开业、在册）", "开业")
_OVER = (
    "吊销",
    "吊销未注销",
    "吊销，已注销",
    "吊销，未注销",
    "已注销",
    "撤销",
    "撤销登记",
    "注销",
)
_GREEN = classes(
    (has("environmental_credit_grade", "绿"), 4),
    (has("environmental_credit_grade", "蓝"), 3),
    (has("environmental_credit_grade", "黄"), 2),
    (has("environmental_credit_grade", "红"), 1),
    (has("environmental_credit_grade", "黑"), 0),
)
_RATED = classes(*((col("taxpayer_credit_grade") == grade, 4 - place) for place, grade in enumerate("ABMCD")))
_PERMIT = classes(
    (has("permit_status", "无效", "注销", "撤销", "吊销", "失效"), 0),
    (col("valid_until").is_null(), 2),
    (col("valid_until") > date(2027, 2, 27), 2),
    (col("valid_until") > date(2026, 11, 28), 1),
    rest=0,
)
_ARREARS = classes((col("has_fee_arrears"), 1), rest=0).max()

#: Rows that count at all.
COUNTS: Mapping[str, pl.Expr] = {
    "administrative_penalty": (col("published_until").is_null() | (col("published_until") >= AS_OF))
    & (col("valid_until").is_null() | (col("valid_until") >= AS_OF)),
    "serious_dishonesty_list": (col("published_until").is_null() | (col("published_until") >= AS_OF))
    & (col("removed_on").is_null() | (col("removed_on") > AS_OF)),
    "serious_violation_list": col("removed_on").is_null() | (col("removed_on") > AS_OF),
}

AGGREGATES: Mapping[str, list[pl.Expr]] = {
    "abnormal_operations_list": [
        count(col("is_on_abnormal_operations_list"), "listings"),
        count(
            col("is_on_abnormal_operations_list").is_null()
            & col("abnormal_operations_listed_on").is_not_null(),
            "dated",
        ),
    ],
    "abnormal_taxpayer": [
        count(col("is_abnormal_taxpayer"), "abnormal"),
    ],
    "administrative_compulsion": [count(within("executed_on", TWO_YEARS), "compulsions")],
    "administrative_penalty": [
        (classes((_REVOKED, 2), rest=1) * _LEFT)
        .filter(within("decided_on", THREE_YEARS))
        .sum()
        .alias("penalties"),
        _FINED.filter(within("decided_on", THREE_YEARS)).sum().floor().cast(pl.Int64).alias("fined"),
        classes((_REVOKED & has("penalty_content", "吊销"), 2), (_REVOKED, 1), rest=0).max().alias("revoked"),
    ],
    "administrative_permit": [_PERMIT.max().alias("permit")],
    "agricultural_operator": [
        classes((has("agricultural_operator_type", "示范"), 2), rest=1).max().alias("operator")
    ],
    "annual_report": [
        most("total_liabilities_cny", _REPORTED, "liabilities"),
        most("total_assets_cny", _REPORTED, "assets"),
        most("net_profit_cny", _REPORTED, "net_profit"),
        most("total_profit_cny", _REPORTED, "profit"),
        most("total_operating_revenue_cny", _REPORTED, "revenue"),
        most("total_operating_revenue_cny", _BEFORE, "revenue_before"),
        most("employees", _REPORTED, "staff"),
        most("employees", _BEFORE, "staff_before"),
        col("has_external_guarantee").filter(_REPORTED).cast(pl.Int64).max().alias("guarantees"),
        count(col("report_year").is_between(DUE_YEAR - 2, AS_OF.year), "reports"),
    ],
    "bankruptcy": [classes((col("closed_on").is_null(), 2), rest=1).max().alias("bankrupt")],
    "business_licence": [
        col("established_on").min(),
        most("registered_capital_cny", alias="capital"),
        classes(
            (col("registration_status").is_in(_OPEN), 2),
            (col("registration_status").is_in(("歇业", "迁出")), 1),
            (col("registration_status").is_in(_OVER), 0),
        )
        .max()
        .alias("standing"),
    ],
    "change_record": [
        count(within("changed_on", TWO_YEARS) & has("change_item", "法定代表人"), "heads"),
        count(within("changed_on", TWO_YEARS) & has("change_item", "住所", "经营场所"), "moves"),
        count(within("changed_on", THREE_YEARS) & col("_capital_decreased"), "reductions"),
    ],
    "court_judgment": [
        count(_DEFENDANT & has("cause_of_action", "借款", "借贷", "买卖合同"), "debts"),
        count(_DEFENDANT & has("cause_of_action", "劳动"), "labour"),
        total("_awarded_cny", _DEFENDANT),
        count(_DEFENDANT, "lost"),
    ],
    "customs_credit_grade": [
        classes(
            (has("customs_credit_grade", "高级认证"), 2), (has("customs_credit_grade", "失信"), 0), rest=1
        )
        .min()
        .alias("customs")
    ],
    "customs_registration": [
        classes((has("customs_registration_flag", "注销"), 0), rest=1).max().alias("declarant")
    ],
    "dishonest_judgment_debtor": [
        classes((col("performance_status").is_in(("全部已履行", "已履行")), 1), rest=2).max().alias("debtor")
    ],
    "electricity_fee": [
        total("electricity_charge_cny_avg_3m"),
        total("electricity_charge_cny_avg_12m"),
        _ARREARS.alias("electricity"),
    ],
    "environmental_credit_rating": [
        ((col("evaluated_on") - date(1970, 1, 1)).dt.total_days() * PACK + _GREEN)
        .filter(within("evaluated_on", THREE_YEARS))
        .max()
        .alias("green")
        % PACK
    ],
    "equity_pledge": [
        total("pledged_equity", col("pledge_status") == "有效"),
        count(col("pledge_status") == "有效", "pledges"),
    ],
    "gas_fee": [total("gas_usage_m3_avg_3m"), total("gas_usage_m3_avg_6m"), _ARREARS.alias("gas")],
    "housing_fund": [
        most("consecutive_normal_contribution_months_12m", alias="fund_months"),
        most("contributors_avg_12m"),
        most("_contributors_before"),
        col("last_normal_contribution_on").max(),
    ],
    "mortgage": [],
    "patent": [count(has("patent_type", "发明") & has("legal_status", "授权", "有效", "维持"), "patents")],
    "real_estate": [total("area_sqm", col("_verified"))],
    "research_and_development": [
        col("is_national_high_tech_enterprise").cast(pl.Int64).max().alias("high_tech"),
        col("research_support").list.len().cast(pl.Int64).sum().alias("supports"),
    ],
    "serious_dishonesty_list": [],
    "serious_violation_list": [],
    "shareholder_contribution": [
        total("contribution_cny"),
        total("subscribed_contribution_cny"),
        total("contribution_percentage", col("_holder_listed")),
        count(col("_holder_listed").is_not_null(), "holders_told"),
    ],
    "social_insurance": [
        col("last_normal_pension_contribution_month").filter(col("_verified")).max().alias("pension"),
        most("_band_steps", col("_verified")),
    ],
    "software_copyright": [count(within("registered_on", FIVE_YEARS), "copyrights")],
    "spot_check": [most("failed_spot_checks_36m")],
    "tax_arrears": [total("arrears_cny"), count(col("has_tax_arrears"), "owed")],
    "tax_payment": [
        most("vat_paid_cny_12m"),
        most("vat_payable_cny_12m"),
        most("corporate_income_tax_paid_cny_12m"),
        most("corporate_income_tax_payable_cny_12m"),
        most("consecutive_normal_tax_months"),
        col("last_normal_tax_payment_on").max(),
        pl.when(_VAT.is_not_null() | _INCOME.is_not_null())
        .then(_VAT.fill_null(0) + _INCOME.fill_null(0))
        .max()
        .floor()
        .cast(pl.Int64)
        .alias("tax_paid"),
    ],
    "taxpayer_credit_rating": [
        (col("rating_year").cast(pl.Int64) * PACK + _RATED)
        .filter(col("rating_year").is_between(DUE_YEAR - 1, AS_OF.year))
        .max()
        .alias("rating")
        % PACK,
        count(
            (col("taxpayer_credit_grade") == "A") & col("rating_year").is_between(DUE_YEAR - 4, AS_OF.year),
            "best_ratings",
        ),
    ],
    "terminated_enforcement": [count(within("enforcement_terminated_on", THREE_YEARS), "terminated")],
    "trademark": [count(col("exclusive_right_until") > date(2026, 11, 28), "trademarks")],
    "water_fee": [total("water_usage_m3_avg_3m"), total("water_usage_m3_avg_6m"), _ARREARS.alias("water")],
    "work_injury_insurance": [col("is_work_injury_insured").cast(pl.Int64).max().alias("insured")],
}
#: Items of which only what a provider confirmed counts.
VERIFIED = ("mortgage", "real_estate", "social_insurance")
