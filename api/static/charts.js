// Draws each canvas from the JSON beside it, with Chart.js and the colours of the sheet.
"use strict";

const drawCharts = (() => {
  const drawn = [];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumSignificantDigits: 3 });
  const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });

  const place = (label) => {
    if (/ \d\d:00$/.test(label)) return label.slice(11);
    return /^\d{4}-\d\d-\d\d$/.test(label) ? day.format(new Date(label)) : label;
  };
  const write = (unit, value, brief) => {
    if (unit === "money") return dollars.format(value);
    return (brief ? short : whole).format(value);
  };

  const options = (data) => ({
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: {
        stacked: data.stacked,
        grid: { display: false },
        border: { color: colour("--line") },
        ticks: {
          color: colour("--muted"), maxRotation: 0, autoSkipPadding: 14,
          callback: (_, index) => place(data.labels[index]),
        },
      },
      y: {
        stacked: data.stacked,
        beginAtZero: true,
        grid: { color: colour("--line") },
        border: { display: false },
        ticks: {
          color: colour("--muted"), maxTicksLimit: 5, precision: data.unit === "money" ? undefined : 0,
          callback: (value) => write(data.unit, value, true),
        },
      },
    },
    plugins: {
      legend: {
        display: data.series.length > 1, position: "bottom", align: "start",
        labels: { color: colour("--muted"), boxWidth: 10, boxHeight: 10, useBorderRadius: true, borderRadius: 3 },
      },
      tooltip: {
        filter: (item) => item.parsed.y !== 0 || data.series.length === 1,
        callbacks: { label: (item) => ` ${item.dataset.label}: ${write(data.unit, item.parsed.y, false)}` },
      },
    },
  });

  const dataset = (series, index, all) => ({
    label: series.name,
    data: series.values,
    backgroundColor: colour(series.name === "Failed" ? "--c5" : series.name === "All others" ? "--c7" : `--c${(index % 6) + 1}`),
    borderRadius: all.length > 1 ? 0 : 3,
    maxBarThickness: 42,
    categoryPercentage: 0.86,
    barPercentage: 0.92,
  });

  return (root) => {
    while (drawn.length) drawn.pop().destroy();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    for (const canvas of root.querySelectorAll("canvas[data-chart]")) {
      const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
      const config = { type: data.kind, data: { labels: data.labels, datasets: data.series.map(dataset) }, options: options(data) };
      drawn.push(new Chart(canvas, config));
    }
  };
})();
