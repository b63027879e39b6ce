// Where a row of links is wider than the screen, show the one of this page.

for (const row of document.querySelectorAll(".menu, .assign-views, .kind-tabs")) {
  const current = row.querySelector("[aria-current]");
  if (current && row.scrollWidth > row.clientWidth) {
    row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
  }
}
