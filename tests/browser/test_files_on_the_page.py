"""A file that the app puts into a thread, as a person finds, reads and saves it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import QUALITY, Open, Workspace

pytestmark = pytest.mark.asyncio(loop_scope="session")

CSV = "id,reason\r\n1001,<b>no Editor</b> on «datastore 42»\r\n".encode() + b"".join(b"%d,refused\r\n" % n for n in range(100))


async def test_a_file_in_a_thread_is_named_read_and_saved(workspace: Workspace, open_page: Open, tmp_path: Path) -> None:
    ts = await workspace.post([], "Archived 180 of 214.")
    await workspace.web.files_upload_v2(filename="receipt.csv", title="Refused: 34", content=CSV, channel=QUALITY, thread_ts=ts)
    page = await open_page()
    await expect(page.get_by_test_id("feed").get_by_test_id("file")).to_have_count(0)
    link = page.get_by_test_id("feed").get_by_test_id("thread-link")
    await expect(link).to_have_text("1 reply")
    await link.click()
    file = page.get_by_test_id("thread").get_by_test_id("file")
    await expect(file).to_contain_text("Refused: 34")
    await expect(file).to_contain_text("receipt.csv · 1 kB")
    await file.get_by_test_id("file-preview").click()
    dialog = page.get_by_test_id("file-dialog")
    await expect(dialog.locator("pre")).to_contain_text("1001,<b>no Editor</b> on «datastore 42»")
    await expect(dialog.locator("pre")).to_contain_text("…")
    await dialog.get_by_test_id("file-close").click()
    await expect(dialog).to_have_count(0)
    async with page.expect_download() as saved:
        await file.get_by_test_id("file-download").click()
    download = await saved.value
    await download.save_as(tmp_path / "receipt.csv")
    assert download.suggested_filename == "receipt.csv"
    assert (tmp_path / "receipt.csv").read_bytes() == CSV
