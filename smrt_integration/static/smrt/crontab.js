// On the page of a schedule: what the chosen crontab means, in words.
{
  const meanings = JSON.parse(document.getElementById("readable-crontabs").textContent);
  const select = document.getElementById("id_crontab");
  const row = document.querySelector(".field-crontab");
  if (select && row) {
    const sentence = row.appendChild(document.createElement("p"));
    sentence.setAttribute("role", "status");
    const update = () => {
      sentence.textContent = meanings[select.value] ?? "";
    };
    django.jQuery(select).on("change", update);
    update();
  }
}
