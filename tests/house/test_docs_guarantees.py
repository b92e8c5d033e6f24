"""The page of guarantees and the README's table are what the last run has printed."""

from tests.guarantees import page


def test_the_page_is_printed_from_the_results() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


def test_the_table_of_the_readme_is_printed_from_the_results() -> None:
    readme = page.README.read_text(encoding="utf-8")

    assert page.BEGIN in readme
    assert readme == page.with_table(readme)
