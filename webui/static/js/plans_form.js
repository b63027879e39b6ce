// The form of a plan: one more row for a team.

const button = document.getElementById("add-team");
button?.addEventListener("click", () => {
  const row = document.getElementById("team").content.cloneNode(true);
  document.getElementById("teams").append(row);
  document.querySelector("#teams tr:last-child select").focus();
});
