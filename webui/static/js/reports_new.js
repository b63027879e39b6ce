// Offers the last whole period of the kind that is chosen, as long as nobody typed another.

const form = document.getElementById("new-report");
if (form) {
  const periods = JSON.parse(form.dataset.periods);
  const days = ["first", "last"].map((name) => form.elements[name]);
  const chosen = () => form.elements.kind.value;
  let offered = periods[chosen()].every((day, which) => days[which].value === day);
  for (const day of days) day.addEventListener("input", () => { offered = false; });
  for (const kind of form.querySelectorAll("[name=kind]")) {
    kind.addEventListener("change", () => {
      if (offered) days.forEach((day, which) => { day.value = periods[chosen()][which]; });
    });
  }
}
