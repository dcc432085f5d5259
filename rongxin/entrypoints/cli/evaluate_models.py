"""`rongxin evaluate fit` and `score`: fit an explainable card on outcomes, and apply it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rongxin.entrypoints.cli import answers, apart

if TYPE_CHECKING:
    from rongxin.evaluation.fitting.card import Card

_STYLESHEET = Path(__file__).parents[1] / "static" / "rongxin" / "rongxin.css"
_FILE = click.Path(dir_okay=False, path_type=Path)
#: GiB of memory, and of addresses beside those of the file: what draws the charts reserves 64 it never fills.
_NEEDED = {"拟合 fit": (4, 72), "打分 score": (1, 2)}


def _apart(what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Do a command in a process of its own: where memory ends, it ends, and this says so."""

    def wrap(work: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(work)
        def run(**given: Any) -> None:
            from rongxin.evaluation.fitting import errors, writing

            data: Path = given["data"]

            (gib, addresses), size = _NEEDED[what], data.stat().st_size if data.is_file() else 0
            needed = {"ulimit -d": gib << 30, "ulimit -v": (addresses << 30) + size}
            mapped = needed["ulimit -v"] + (1 << 20) - 1 >> 20

            def short(bound: str) -> click.ClickException:
                return click.ClickException(
                    f"{data}: {what}：内存不足（上限 {bound}），没有写出结果；"
                    f"请放宽上限或换内存更大的机器：不论文件大小，约需 {gib} GiB；"
                    f"文件整个映射，ulimit -v 须有 {mapped} MiB "
                    f"out of memory (bound: {bound}); nothing was written. Raise the bound or take a larger "
                    f"machine: {gib} GiB do for a file of any size; ulimit -v has to be {mapped} MiB, "
                    f"as the file is mapped whole [{errors.TooLittleMemory.code}]"
                )

            halves = [writing.part_of(file) for file in (given["out"], given["out"].with_suffix(".html"))]
            apart.run(lambda: work(**given), needed=needed, halves=halves, short=short)

        return run

    return wrap


@click.command()
@click.argument("data", type=_FILE)
@click.option("--target", required=True, help="结果列 column with the outcome, two values")
@click.option("--id", "id_column", help="编号列 column that names the row; carried into the scores")
@click.option("--date", "date_column", help="日期列 the newest quarter by it is held back (out of time)")
@click.option("--bad", help="坏样本的取值（缺省 1） the target's value for the bad event; 1 unless said")
@click.option("--good", help="好样本的取值 the target's value for the good one")
@click.option(
    "--direction", "said", multiple=True, metavar="COLUMN=+|-", help="方向 + more is better, - worse"
)
@click.option("--directions", "listed", type=_FILE, help="方向文件 CSV (column,direction), YAML or JSON")
@click.option("--leave-out", multiple=True, help="不用的列 a column not to use; repeat for more")
@click.option("--keep", multiple=True, help="保留的列 use a column that would be left out (id, leak)")
@click.option(
    "--seed", default=42, show_default=True, help="随机种子 same data and seed: same card, byte for byte"
)
@click.option(
    "--out", required=True, type=_FILE, help="评分卡 the card (JSON); the report (HTML) is written beside it"
)
@_apart("拟合 fit")
def fit(
    data: Path,
    target: str,
    id_column: str | None,
    date_column: str | None,
    bad: str | None,
    good: str | None,
    said: tuple[str, ...],
    listed: Path | None,
    leave_out: tuple[str, ...],
    keep: tuple[str, ...],
    seed: int,
    out: Path,
) -> None:
    """拟合评分卡 Fit a card of whole points on DATA (CSV, Parquet, ARFF); higher = better."""
    with _one_line():
        from rongxin.evaluation.fitting import card, directions, writing
        from rongxin.evaluation.fitting import fit as fitting
        from rongxin.evaluation.fitting.sample import Wish

        sources = [data, listed] if listed else [data]
        writing.can_be_written(out, out.with_suffix(".html"), sources=sources)
        wish = Wish(
            target=target,
            id=id_column,
            date=date_column,
            bad=bad,
            good=good,
            leave_out=leave_out,
            keep=keep,
            directions=directions.read(listed, said),
        )
        fitted = fitting.fit(data, wish, seed=seed, say=lambda line: click.echo(line, err=True))
        card.write(fitted.card, out)
        page = _report(fitted.card, fitted.report, out)
        for line in _figures(fitted.card, fitted.report):
            click.echo(line)
        click.echo(f"评分卡 card: {out} ({fitted.card.digest})")
        click.echo(f"报告 report: {page}")


@click.command()
@click.argument("data", type=_FILE)
@click.option("--card", "card_file", required=True, type=_FILE, help="评分卡 the card (JSON)")
@click.option("--out", required=True, type=_FILE, help="分数 scores (.csv or .parquet)")
@click.option("--id", "id_column", help="编号列 column to carry; the card's own unless said")
@click.option(
    "--absent-as-missing", is_flag=True, help="缺列按缺失计分 score columns that DATA lacks as missing"
)
@_apart("打分 score")
def score(data: Path, card_file: Path, out: Path, id_column: str | None, absent_as_missing: bool) -> None:
    """打分 Write a whole number `score` for each row of DATA, in its order; higher = better."""
    with _one_line():
        from rongxin.evaluation.fitting import card, scoring

        applied = card.read(card_file)
        tally = scoring.score(data, applied, out, id=id_column, absent_as_missing=absent_as_missing)
    click.echo(f"{tally.rows} 行已打分 rows scored: {out}")
    for name, count in sorted(tally.unknown.items()):
        click.echo(
            f"{name}: {count} 行取值不在评分卡内 values that the card doesn't list (such as "
            f"{tally.examples[name]!r}), scored as unknown",
            err=True,
        )
    for name in tally.empty(applied):
        click.echo(f"{name}: 全部缺失，按缺失计分 missing in all rows, scored as missing", err=True)
    if tally.absent:
        click.echo(f"缺列按缺失计分 scored as missing: {', '.join(tally.absent)}", err=True)


def _report(card: Card, report: dict[str, Any], out: Path) -> Path:
    """Write the page beside the card, under the card's name."""
    from rongxin.delivery.rendering import fitted_card
    from rongxin.evaluation.fitting import writing
    from rongxin.evaluation.fitting.errors import BadCard

    page = out.with_suffix(".html")
    try:
        with writing.whole(page) as made:
            made.write_text(fitted_card.render(card, report, stylesheet=_STYLESHEET), "utf-8")
    except OSError as error:
        raise BadCard(f"{page}: 写不进去 can't be written ({error.strerror})") from error
    return page


@contextmanager
def _one_line() -> Iterator[None]:
    """Say in one line what the caller can put right; also that what fitting needs isn't installed."""
    try:
        with answers.one_line():
            yield
    except ModuleNotFoundError as error:
        raise click.ClickException(f"须先安装 needs rongxin[node] and rongxin[fit] ({error.name})") from error


def _figures(card: Card, report: dict[str, Any]) -> Iterator[str]:
    words = f"坏 bad = {card.target.bad!r}，好 good = {card.target.good!r}"
    yield f"目标 target: {card.target.column}；{words}；分数越高越好 higher is better"
    for name, why in report["left_out"].items():
        yield f"未用 left out: {name} ({why})"
    for note in report["notes"]:
        yield f"注意 note: {note}"
    yield f"留出 held back: {report['held_back']}"
    validated = ", ".join(f"{method} {auc:.4f}" for method, auc in report["cross_validation"].items())
    yield f"交叉验证 cross-validated AUC: {validated}; chosen: {report['chosen']}"
    for name in ("auc", "ks", "brier"):
        part = report[name]
        yield f"{name.upper()}: {part['value']:.4f} (95 %: {part['from']:.4f} to {part['to']:.4f})"
    gap, trees = report["gap"], report["others_auc"]["trees"]
    between = f"({gap['from']:+.4f} to {gap['to']:+.4f})"
    yield f"提升树 boosted trees AUC: {trees:.4f}; gap {gap['value']:+.4f} {between}"
    yield f"PSI: {report['psi']:.4f}; 卡中列 columns in the card: {len(card.columns)}"
