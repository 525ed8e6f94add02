/* What only the browser knows: which messages are in sight. The list hangs at its bottom, so that 0 is the newest and above is negative. */
(() => {
  const NEAR = 60;
  const scrollOf = (feed) => feed.closest(".desk-scroll");
  const markOf = (scroll) => scroll.parentElement.querySelector(".new-mark");

  function tell(mark, count) {
    mark.dataset.count = count;
    mark.hidden = !count;
    mark.textContent = count ? `${count} new ${count === 1 ? "message" : "messages"}` : "";
  }

  function show(scroll, row) {
    row.scrollIntoView({ block: row.offsetHeight > scroll.clientHeight ? "start" : "end" });
  }

  /* New rows of a list: `mine` is the answer to whoever looks, which comes into sight; others do that only for readers at the bottom. */
  window.deskNews = (feedId, rows, mine) =>
    setTimeout(() => {
      const feed = getHtmlElement(feedId), scroll = feed && scrollOf(feed), mark = scroll && markOf(scroll);
      if (!mark) return;
      if (!mark.dataset.count) {
        tell(mark, 0);
        mark.addEventListener("click", () => { scroll.scrollTop = 0; tell(mark, 0); });
        scroll.addEventListener("scroll", () => { if (scroll.scrollTop > -NEAR) tell(mark, 0); });
      }
      const answer = mine && getHtmlElement(mine);
      if (answer) show(scroll, answer);
      else if (scroll.scrollTop <= -NEAR) tell(mark, Number(mark.dataset.count) + rows);
    }, 30);
})();
