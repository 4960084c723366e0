// On the page of a periodic task: what the chosen crontab means, in words.
{
  const meanings = JSON.parse(document.getElementById("readable-crontabs").textContent);
  const choice = document.getElementById("id_crontab");
  const row = document.querySelector(".field-crontab");
  if (choice && row) {
    const words = row.appendChild(document.createElement("p"));
    words.setAttribute("role", "status");
    const tell = () => {
      words.textContent = meanings[choice.value] ?? "";
    };
    django.jQuery(choice).on("change", tell);
    tell();
  }
}
