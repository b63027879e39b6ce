// The table of entry: a block copied from a spreadsheet fills many cells at once.

const page = JSON.parse(document.getElementById("entry").dataset.page);
const table = document.querySelector(".entry-table");

// The fields of a unit, in the order of the columns.
const fieldsOf = (unit) => page.fields.map((field) => table.querySelector(`[name="${field}-${unit}"]`));

table?.addEventListener("paste", (event) => {
  const block = event.clipboardData.getData("text").replace(/\r/g, "").replace(/\n+$/, "");
  const lines = block.split("\n").map((line) => line.split("\t"));
  // A single value is pasted as anywhere.
  if (lines.length === 1 && lines[0].length === 1) return;
  event.preventDefault();
  const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("td input")]);
  const start = rows.findIndex((inputs) => inputs.includes(event.target));
  const column = start < 0 ? 0 : rows[start].indexOf(event.target);
  let count = 0;
  lines.forEach((cells, number) => {
    const unit = page.codes[cells[0].trim()];
    // What follows the code and the name of a unit, or what stands under the cell pasted into.
    const inputs = unit === undefined ? rows[start + number]?.slice(column) : fieldsOf(unit);
    const rest = unit === undefined ? cells : cells.slice(1);
    const values = unit === undefined ? rest : rest.slice(page.codes[rest[0]?.trim()] === unit ? 1 : 0);
    inputs?.forEach((input, at) => {
      if (values[at] === undefined) return;
      input.value = values[at].trim();
      count += 1;
    });
  });
  document.getElementById("pasted").textContent = count ? page.words.pasted.replace("{count}", String(count)) : page.words.pastedNone;
});

// Enter goes down a column as in a spreadsheet, and does not send half a table.
table?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("td input")) return;
  event.preventDefault();
  const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("td input")]);
  const at = rows.findIndex((inputs) => inputs.includes(event.target));
  rows[at + 1]?.[rows[at].indexOf(event.target)]?.focus();
});
