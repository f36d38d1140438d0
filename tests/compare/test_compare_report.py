import math

from optprimer.compare.comparison import Comparison, Verdict
from optprimer.compare.differences import Difference
from optprimer.compare.report import counted, details, summary

ROUNDING = Difference("loss", 5, 1e-9, 1e-12, "t=1")
LARGER = Difference("gap", 2, 1e-15, 0.5, "t=2")
TEXT = Difference("precision", 8, math.nan, math.nan, "t=3")


def test_the_column_that_differs_most_is_named():
    found = Comparison("rates/curves", Verdict.WITHIN, columns=(ROUNDING, TEXT, LARGER))
    assert summary(found) == f"3 columns, most of all {LARGER}"
    assert summary(Comparison("rates/curves", Verdict.WITHIN, columns=(TEXT,))) == "precision differs in 8 rows, at t=3"


def test_rows_that_are_free_to_come_and_go_are_counted():
    found = Comparison("memorization/curves", Verdict.WITHIN, columns=(ROUNDING,), missing=3, added=1)
    assert summary(found) == f"3 rows missing; 1 rows added; {ROUNDING}"


def test_equal_tables_need_no_words():
    assert summary(Comparison("rates/pl", Verdict.SAME)) == ""


def test_what_speaks_against_a_table_comes_first_and_the_rest_below():
    one = Comparison("rates/pl", Verdict.DIFFERS, ("first",), (ROUNDING,))
    more = Comparison("rates/cost", Verdict.DIFFERS, ("first", "second"))
    assert summary(one) == "first"
    assert summary(more) == "first (and 1 more, below)"
    assert list(details([one, more])) == ["\nrates/cost:", "  first", "  second"]


def test_verdicts_are_counted_from_good_to_bad():
    found = [Comparison(str(i), verdict) for i, verdict in enumerate([Verdict.MISSING, Verdict.SAME, Verdict.SAME])]
    assert counted(found) == "3 tables: 2 same, 1 missing"
