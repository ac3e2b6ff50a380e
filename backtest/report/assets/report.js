/* The page's charts, calendar and days. Everything that it writes goes in as text, never as HTML. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("series").textContent);
  const days = data.days;
  const last = days.length - 1;
  const minus = (text) => text.replace("-", "−");
  const fixed = (x, n) => minus(x.toFixed(n));
  const signed = (x, n) => (x > 0 ? "+" : "") + fixed(x, n);
  const permille = (x) => (x / 10).toFixed(1) + "%";
  const points = (x) => signed(x / 100, 2) + "%";
  const word = (label) => label.replace("_", "-");
  const plain = (text) => text.replaceAll("_", " ");

  function make(tag, attributes, ...inside) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
      else if (value !== null) node.setAttribute(name, value);
    }
    node.append(...inside.filter((part) => part !== null && part !== undefined));
    return node;
  }

  function choice(title, options, chosen, act) {
    const group = make("div", { class: "group", role: "group", "aria-label": title });
    const show = (at) => [...group.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === at)));
    options.forEach((option, at) =>
      group.append(make("button", { type: "button", on: { click: () => { show(at); act(at); } } }, option)));
    show(chosen);
    return group;
  }

  const controls = (name) => document.querySelector(`.controls[data-for="${name}"]`);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const lines = () => ["one", "two", "three", "four", "five"].map(colour);

  /* ---- charts ---- */
  const charts = [];
  const printing = { on: false };

  function chart(name, option) {
    const box = document.querySelector(`[data-chart="${name}"]`);
    if (!box) return null;
    box.append(make("div", { class: "canvas" }));
    const place = box.firstChild;
    place.style.width = "100%";
    place.style.height = "100%";
    const drawn = echarts.init(place, null, { renderer: "svg" });
    const self = {
      draw() {
        const soft = colour("soft"), line = colour("line");
        const found = option(box.clientWidth);
        const axis = (one, main) => ({
          axisLine: { lineStyle: { color: line } }, axisTick: { lineStyle: { color: line } },
          nameTextStyle: { color: soft }, ...one,
          axisLabel: { color: soft, ...one.axisLabel },
          splitLine: { show: main, lineStyle: { color: line, opacity: .7 }, ...one.splitLine },
        });
        drawn.setOption({
          animation: false,
          textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
          color: lines(),
          aria: { enabled: true, label: { description: box.dataset.title + ". " + box.dataset.caption } },
          ...found,
          xAxis: [].concat(found.xAxis).map((one) => axis(one, false)),
          yAxis: [].concat(found.yAxis).map((one) => axis(one, true)),
          grid: [].concat(found.grid).map(fitted),
          legend: found.legend && { textStyle: { color: soft }, top: 0, left: 0, itemWidth: 16, itemHeight: 8, icon: "roundRect", ...found.legend },
          tooltip: found.tooltip && {
            confine: true, backgroundColor: colour("card"), borderColor: line, padding: [6, 10],
            textStyle: { color: colour("ink") }, axisPointer: { lineStyle: { color: soft } }, ...found.tooltip,
          },
        }, true);
      },
      size(paper) { drawn.resize(paper ? (name === "reliability" ? { width: 480, height: 380 } : { width: 680, height: 280 }) : { width: "auto", height: "auto" }); },
      zoom(from, to) { drawn.dispatchAction({ type: "dataZoom", startValue: from, endValue: to }); },
      on(event, act) { drawn.getZr().on(event, act); },
      core: drawn,
    };
    charts.push(self);
    self.draw();
    return self;
  }

  const tip = (rows) => make("div", { class: "tip" }, rows.filter(Boolean).join("\n"));
  const dated = { type: "category", boundaryGap: false, axisLabel: { hideOverlap: true, formatter: (day) => (days.length > 400 ? day.slice(0, 7) : day) } };
  const fitted = (one) => ({ outerBoundsMode: "none", ...one }); // or each grid would make room for its own labels
  const loud = (values) => { // a logarithmic axis has its marks at powers of a base that fits
    const low = Math.min(...values), ratio = Math.max(...values) / low;
    return low > 0 && ratio > 2 ? { type: "log", logBase: ratio > 6 ? 2 : Math.SQRT2, min: "dataMin", max: "dataMax" } : { type: "value", scale: true };
  };
  const slider = (shown, more) => [{
    type: "slider", height: 18, bottom: 6, showDetail: false, brushSelect: false, borderColor: colour("line"), fillerColor: colour("band") + "66",
    backgroundColor: "transparent", handleStyle: { color: colour("card"), borderColor: colour("accent") }, moveHandleSize: 4,
    moveHandleStyle: { color: colour("band") }, dataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
    selectedDataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } }, ...shown, ...more,
  }];

  function reliability() {
    const kinds = Object.keys(data.reliability);
    if (!kinds.length || !document.querySelector('[data-chart="reliability"]')) return;
    let kind = kinds[0];
    const drawn = chart("reliability", () => {
      const found = data.reliability[kind];
      const seen = found.bins.flatMap(([, rate, , under, over]) => [rate, under, over]).concat(found.edges[0], found.edges[found.edges.length - 1]);
      const ends = (values) => [Math.max(0, Math.floor(Math.min(...values) * 50) / 50), Math.min(1, Math.ceil(Math.max(...values) * 50) / 50)];
      const [left, right] = ends([found.edges[0], found.edges[found.edges.length - 1]]);
      const [low, high] = ends(seen);
      const [from, to] = [Math.max(left, low), Math.min(right, high)];
      const percent = { formatter: (x) => Number((x * 100).toFixed(1)) + "%", hideOverlap: true };
      const bars = found.counts.map((n, at) => [(found.edges[at] + found.edges[at + 1]) / 2, n]);
      return {
        grid: [{ left: 62, right: 20, top: 34, bottom: 116 }, { left: 62, right: 20, height: 48, bottom: 44 }],
        legend: { data: ["best non-decreasing fit", "groups of calls", "a perfect forecaster's 95%"] },
        tooltip: {
          trigger: "item",
          formatter: ({ seriesName, data: point }) => tip(seriesName === "calls"
            ? [`said about ${Math.round(point[0] * 100)}%`, `${point[1].toLocaleString("en")} calls`]
            : [`said ${(point[0] * 100).toFixed(1)}%`, `happened ${(point[1] * 100).toFixed(1)}%`, point[2] && `n = ${point[2].toLocaleString("en")}`]),
        },
        xAxis: [
          { type: "value", min: left, max: right, axisLabel: { show: false }, axisTick: { show: false } },
          { type: "value", min: left, max: right, gridIndex: 1, name: "what was said", nameLocation: "middle", nameGap: 24, axisLabel: percent },
        ],
        yAxis: [
          { type: "value", min: low, max: high, name: "how often it happened", nameLocation: "middle", nameGap: 42, axisLabel: percent },
          { type: "value", gridIndex: 1, axisLabel: { show: false }, splitLine: { show: false } },
        ],
        series: [
          { name: "perfect", type: "line", data: from < to ? [[from, from], [to, to]] : [], symbol: "none", lineStyle: { color: colour("soft"), width: 1, type: "dashed" }, silent: true },
          { name: "low end", type: "line", stack: "band", stackStrategy: "all", data: found.bins.map(([x, , , a]) => [x, a]), symbol: "none", lineStyle: { opacity: 0 }, silent: true },
          { name: "a perfect forecaster's 95%", type: "line", stack: "band", stackStrategy: "all", data: found.bins.map(([x, , , a, b]) => [x, b - a]), symbol: "none", lineStyle: { opacity: 0 }, itemStyle: { color: colour("band") }, areaStyle: { color: colour("band"), opacity: .55 }, silent: true },
          { name: "best non-decreasing fit", type: "line", data: found.curve, symbol: "none", lineStyle: { color: colour("one"), width: 2 }, itemStyle: { color: colour("one") } },
          ...[1, 2].map((end) => ({ name: "end of a perfect forecaster's fit", type: "line", data: found.band.map((point) => [point[0], point[end] < low || point[end] > high ? null : point[end]]), symbol: "none", lineStyle: { color: colour("one"), width: 1, type: "dotted" }, silent: true })),
          { name: "groups of calls", type: "scatter", data: found.bins.map(([x, y, n]) => [x, y, n]), symbolSize: 10, z: 5, itemStyle: { color: colour("two"), opacity: 1, borderColor: colour("card"), borderWidth: 1 } },
          { name: "calls", type: "bar", xAxisIndex: 1, yAxisIndex: 1, data: bars, barWidth: Math.max(2, Math.min(10, 400 * (found.edges[1] - found.edges[0]) / (right - left))), itemStyle: { color: colour("alone") } },
        ],
      };
    });
    if (kinds.length > 1) controls("reliability").append(choice("Kind of claim", kinds, 0, (at) => { kind = kinds[at]; drawn.draw(); }));
  }

  const spans = (act) => {
    const known = [["all", days.length], ["10 years", 2520], ["5 years", 1260], ["1 year", 252]].filter(([, n], at) => !at || n < days.length);
    return known.length > 1 ? [known, (at) => act(Math.max(0, days.length - known[at][1]))] : null;
  };

  function lead() {
    const kinds = Object.keys(data.reliability);
    if (!kinds.length || !document.querySelector('[data-chart="lead"]')) return;
    let kind = kinds[0];
    const shown = data.drawn.map((day) => days[day]);
    const drawn = chart("lead", () => {
      const rows = data.leads.filter((row) => row.kind === kind && row.n);
      const two = rows.some((row) => row.evidence);
      const top = two ? { left: 64, right: 20, top: 34, height: "42%" } : { left: 64, right: 20, top: 34, bottom: 58 };
      const grids = two ? [top, { left: 64, right: 20, bottom: 58, height: "24%" }] : [top];
      const found = rows.map((row) => ({ name: row.name, type: "line", data: row.lead.map((x) => x / 1e4), symbol: "none", lineStyle: { width: 1.8 } }));
      found[0].markLine = { symbol: "none", silent: true, label: { show: false }, lineStyle: { color: colour("soft"), type: "solid", width: 1 }, data: [{ yAxis: 0 }] };
      if (two) {
        rows.forEach((row) => found.push({ name: row.name, type: "line", xAxisIndex: 1, yAxisIndex: 1, data: row.evidence, symbol: "none", lineStyle: { width: 1.5 } }));
        found[rows.length].markLine = {
          symbol: "none", silent: true, lineStyle: { color: colour("wrong"), type: "dashed", width: 1.5 },
          label: { formatter: "20: skill may be claimed", position: "insideStartTop", color: colour("ink"), fontSize: 11 }, data: [{ yAxis: Math.log10(20) }],
        };
      }
      const xs = grids.map((_, at) => ({ ...dated, data: shown, gridIndex: at, axisLabel: { ...dated.axisLabel, show: at === grids.length - 1 }, axisLine: { onZero: false } }));
      const peak = Math.max(1.5, ...rows.map((row) => row.evidence ? Math.max(...row.evidence) : 0));
      const floor = Math.min(-1, ...rows.map((row) => row.evidence ? Math.max(-4, Math.min(...row.evidence)) : 0));
      const ys = [{ type: "value", scale: true, name: "Brier points", nameLocation: "middle", nameGap: 42 }];
      if (two) ys.push({ type: "value", gridIndex: 1, min: floor, max: peak, name: "evidence", nameLocation: "middle", nameGap: 42, splitNumber: 3,
        axisLabel: { formatter: (x) => { const e = 10 ** x; return e >= 1 ? String(Math.round(e)) : minus(e.toPrecision(1)); } } });
      return {
        grid: grids, xAxis: xs, yAxis: ys, series: found, legend: { data: rows.map((row) => row.name) },
        axisPointer: { link: [{ xAxisIndex: "all" }] },
        dataZoom: slider({}, { xAxisIndex: grids.map((_, at) => at) }),
        tooltip: {
          trigger: "axis",
          formatter: (shownAt) => {
            const at = shownAt[0].dataIndex;
            return tip([shown[at], ...rows.map((row) => `${row.name}: ${signed(row.lead[at] / 1e4, 3)}` + (row.evidence ? `, evidence ${(10 ** row.evidence[at]).toPrecision(2)}` : ""))]);
          },
        },
      };
    });
    const box = controls("lead");
    if (kinds.length > 1) box.append(choice("Kind of claim", kinds, 0, (at) => { kind = kinds[at]; drawn.draw(); }));
    const step = spans((from) => drawn.zoom(Math.max(0, data.drawn.findIndex((day) => day >= from)), data.drawn.length - 1));
    if (step) box.append(choice("Years shown", step[0].map(([name]) => name), 0, step[1]));
  }

  function runs(text) {
    const found = [];
    for (let at = 0, start = 0; at < text.length; at++) {
      if (text[at + 1] !== text[at]) { found.push([text[at], start, at]); start = at + 1; }
    }
    return found;
  }

  function market() {
    const called = data.streams.find((stream) => stream.kind === "direction");
    if (!called || !document.querySelector('[data-chart="market"]')) return;
    const ribbon = (values, paint, low, high) => runs(values).map(([value, from, to]) => [
      { xAxis: from, yAxis: low, itemStyle: { color: paint(value), opacity: 1 } }, { xAxis: Math.min(last, to + 1), yAxis: high },
    ]);
    const statuses = data.status.at.map((at) => data.status.names[at]);
    const doubt = statuses.map((name) => (name === "confirmed" ? "0" : "1"));
    const names = data.labels.filter((_, at) => data.label.includes(String(at)));
    const drawn = chart("market", () => {
      const paints = data.labels.map((label) => colour(word(label)));
      const known = called.reference.filter((x) => x !== null);
      return {
        grid: [{ left: 64, right: 20, top: 34, bottom: 104 }, { left: 64, right: 20, height: 30, bottom: 56 }],
        legend: { data: names.map(word), selectedMode: false },
        axisPointer: { link: [{ xAxisIndex: "all" }] },
        xAxis: [
          { ...dated, data: days, axisLabel: { show: false }, axisTick: { show: false } },
          { ...dated, data: days, gridIndex: 1, axisLine: { show: false } },
        ],
        yAxis: [
          { ...loud(known), axisLabel: { formatter: (x) => Number(x.toPrecision(3)).toLocaleString("en"), hideOverlap: true, showMinLabel: false, showMaxLabel: true } },
          { type: "value", gridIndex: 1, min: 0, max: 3, show: false },
        ],
        series: [
          { name: "close", type: "line", data: called.reference, symbol: "none", lineStyle: { color: colour("ink"), width: 1.3 }, connectNulls: false },
          { name: "ribbon", type: "line", xAxisIndex: 1, yAxisIndex: 1, data: days.map(() => 1), symbol: "none", lineStyle: { opacity: 0 },
            markArea: { silent: true, data: ribbon(data.label, (at) => paints[Number(at)], 0, 2) } },
          { name: "doubt", type: "line", xAxisIndex: 1, yAxisIndex: 1, data: [], symbol: "none",
            markArea: { silent: true, data: ribbon(doubt.join(""), (at) => (at === "1" ? colour("ink") : "transparent"), 2.4, 3) } },
          ...names.map((name) => ({ name: word(name), type: "bar", xAxisIndex: 1, yAxisIndex: 1, data: [], itemStyle: { color: colour(word(name)) } })),
        ],
        dataZoom: slider({}, { xAxisIndex: [0, 1] }),
        tooltip: {
          trigger: "axis",
          formatter: (shownAt) => {
            const at = shownAt[0].dataIndex;
            return tip([days[at], called.reference[at] === null ? null : `close ${called.reference[at].toLocaleString("en")}`,
              `${word(data.labels[Number(data.label[at])])} ${fixed(data.score[at] / 100, 2)} (${statuses[at]})`]);
          },
        },
      };
    });
    const step = spans((from) => drawn.zoom(from, last));
    if (step) controls("market").append(choice("Years shown", step[0].map(([name]) => name), 0, step[1]));
  }

  function fan() {
    const all = data.streams.filter((stream) => stream.kind === "interval" && /[rw]/.test(stream.result));
    if (!all.length || !document.querySelector('[data-chart="fan"]')) return;
    let stream = all[0];
    const there = (values) => values.map((x, at) => (stream.result[at] === "." ? null : x / 100));
    const graded = (at) => "rw".includes(stream.result[at]);
    const drawn = chart("fan", (width) => {
      const low = there(stream.low), high = there(stream.high);
      const came = stream.realised.map((x, at) => (graded(at) ? x / 100 : null));
      const missed = came.map((x, at) => (stream.result[at] === "w" ? x : null));
      const line = { type: "line", symbol: "none" };
      return {
        grid: { left: 64, right: 20, top: width < 480 ? 52 : 34, bottom: 58 },
        legend: { data: ["80% interval", "history alone", "the return that came", "missed"] },
        xAxis: { ...dated, data: days, axisLine: { onZero: false } },
        yAxis: { type: "value", name: "return in percent", nameLocation: "middle", nameGap: 40, scale: true },
        series: [
          { ...line, name: "low end", stack: "fan", stackStrategy: "all", data: low, lineStyle: { opacity: 0 }, silent: true },
          { ...line, name: "80% interval", stack: "fan", stackStrategy: "all", data: high.map((x, at) => (x === null ? null : x - low[at])), lineStyle: { opacity: 0 }, itemStyle: { color: colour("band") }, areaStyle: { color: colour("band"), opacity: .7 }, silent: true },
          { ...line, name: "history alone", data: there(stream.base_low), lineStyle: { color: colour("alone"), width: 1, type: "dotted" }, itemStyle: { color: colour("alone") } },
          { ...line, name: "history alone", data: there(stream.base_high), lineStyle: { color: colour("alone"), width: 1, type: "dotted" }, itemStyle: { color: colour("alone") } },
          { ...line, name: "the return that came", data: came, lineStyle: { color: colour("ink"), width: .9, opacity: .75 }, itemStyle: { color: colour("ink") } },
          { name: "missed", type: "scatter", data: missed, symbolSize: 7, z: 5, symbol: "diamond", itemStyle: { color: colour("wrong"), opacity: 1 } },
        ],
        dataZoom: slider({ startValue: Math.max(0, last - 251), endValue: last }),
        tooltip: {
          trigger: "axis",
          formatter: (shownAt) => {
            const at = shownAt[0].dataIndex;
            if (stream.result[at] === ".") return tip([days[at], "no interval was given"]);
            return tip([days[at], `said ${points(stream.low[at])} to ${points(stream.high[at])}`,
              `history alone ${points(stream.base_low[at])} to ${points(stream.base_high[at])}`,
              graded(at) ? `came ${points(stream.realised[at])}: ${stream.result[at] === "r" ? "held" : "missed"}` : verdicts[stream.result[at]]]);
          },
        },
      };
    });
    const box = controls("fan");
    if (all.length > 1) box.append(choice("Target", all.map((one) => one.name), 0, (at) => { stream = all[at]; drawn.draw(); }));
    const step = spans((from) => drawn.zoom(from, last));
    if (step) box.append(choice("Years shown", step[0].map(([name]) => name), step[0].length - 1, step[1]));
  }

  function wealth() {
    const all = data.wealth || [];
    if (!all.length || !document.querySelector('[data-chart="wealth"]')) return;
    let target = all[0];
    const drawn = chart("wealth", () => ({
      grid: { left: 64, right: 20, top: 34, bottom: 58 },
      legend: { data: target.lines.map((line) => line.name) },
      xAxis: { ...dated, data: target.days },
      yAxis: { ...loud(target.lines.flatMap((line) => line.capital).filter((x) => x > 0)), name: "capital", nameLocation: "middle", nameGap: 40,
        axisLabel: { formatter: (x) => Number(x.toPrecision(2)), hideOverlap: true, showMinLabel: false } },
      series: target.lines.map((line) => ({ name: line.name, type: "line", symbol: "none", data: line.capital.map((x) => (x > 0 ? x / 1000 : null)), lineStyle: { width: 1.6 } })),
      dataZoom: slider({}),
      tooltip: {
        trigger: "axis",
        formatter: (shownAt) => {
          const at = shownAt[0].dataIndex;
          return tip([target.days[at], ...target.lines.map((line) => `${line.name}: ${(line.capital[at] / 1000).toFixed(3)}`)]);
        },
      },
    }));
    if (all.length > 1) controls("wealth").append(choice("Target", all.map((one) => one.name), 0, (at) => { target = all[at]; drawn.draw(); }));
  }

  /* ---- calendar ---- */
  const verdicts = { r: "right", w: "wrong", v: "void", o: "open", ".": "no call" };
  const glyphs = { r: "✓", w: "✕", v: "–", o: "○", ".": "" };
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  function calendar() {
    const box = document.querySelector(".calendar");
    if (!box) return;
    const all = data.streams.filter((stream) => stream.kind === "direction");
    const years = [...new Set(days.map((day) => day.slice(0, 4)))];
    let stream = all[0], year = years[years.length - 1], focus = last;

    const called = (at) => (stream.result[at] === "." ? "no call" : `${stream.p[at] >= 500 ? "up" : "down"} ${permille(Math.max(stream.p[at], 1000 - stream.p[at]))}`);
    function show(steal) {
      const cells = new Map();
      days.forEach((day, at) => { if (day.startsWith(year)) cells.set(day.slice(5), at); });
      if (!days[focus].startsWith(year)) focus = [...cells.values()].pop();
      const rows = months.map((month, m) => {
        const row = make("tr", {}, make("th", { scope: "row" }, month));
        for (let d = 1; d <= 31; d++) {
          const at = cells.get(`${String(m + 1).padStart(2, "0")}-${String(d).padStart(2, "0")}`);
          const cell = make("td");
          if (at !== undefined) {
            const result = stream.result[at];
            cell.append(make("button", {
              type: "button", class: result === "." ? "n" : result, "data-at": at, tabindex: at === focus ? 0 : -1,
              title: `${days[at]}: ${called(at)}, ${verdicts[result]}`, "aria-label": `${days[at]}: ${called(at)}, ${verdicts[result]}`,
            }, glyphs[result]));
          }
          row.append(cell);
        }
        return row;
      });
      const top = make("tr", {}, make("td"));
      for (let d = 1; d <= 31; d++) top.append(make("th", { scope: "col" }, String(d)));
      const scroll = box.querySelector(".scroll");
      const left = scroll ? scroll.scrollLeft : 0;
      const counts = { r: 0, w: 0 };
      for (const at of cells.values()) counts[stream.result[at]] = (counts[stream.result[at]] || 0) + 1;
      const n = counts.r + counts.w;
      box.replaceChildren(
        make("div", { class: "scroll", role: "region", "aria-label": `Calls on ${stream.name} in ${year}` },
          make("table", {}, make("caption", {}, `${stream.name}, ${year}: ${n ? `${(100 * counts.r / n).toFixed(1)}% of ${n} settled calls right` : "nothing settled"}`),
            make("thead", {}, top), make("tbody", {}, ...rows))),
        make("ul", { class: "key" }, ...["r", "w", "v", "o"].map((one) => make("li", {}, `${glyphs[one]} ${verdicts[one]}`)),
          make("li", {}, "A day opens with a click or with Enter; arrows move.")));
      box.firstChild.scrollLeft = left;
      if (steal) box.querySelector(`[data-at="${focus}"]`).focus();
    }
    function move(to) {
      focus = Math.min(last, Math.max(0, to));
      if (!days[focus].startsWith(year)) { year = days[focus].slice(0, 4); picker.value = year; }
      show(true);
    }
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -21, ArrowDown: 21, PageUp: -252, PageDown: 252 };
    box.addEventListener("keydown", (event) => {
      const button = event.target.closest("button[data-at]");
      if (!button || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key in steps) { move(Number(button.dataset.at) + steps[event.key]); event.preventDefault(); }
      if (event.key === "Home" || event.key === "End") { move(event.key === "Home" ? 0 : last); event.preventDefault(); }
    });
    box.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-at]");
      if (button) { focus = Number(button.dataset.at); open(focus); }
    });
    const picker = make("select", { "aria-label": "Year", on: { change: () => { year = picker.value; show(false); } } },
      ...years.map((one) => make("option", { value: one }, one)));
    picker.value = year;
    const bar = controls("calendar");
    if (all.length > 1) bar.append(choice("Target", all.map((one) => one.name), 0, (at) => { stream = all[at]; show(false); }));
    bar.append(make("div", { class: "group" }, picker));
    closed = (at) => { if (at !== null) move(at); };
    show(false);
  }

  /* ---- one day ---- */
  let closed = () => {};
  const drawer = document.getElementById("day");
  let opened = null;
  drawer.addEventListener("close", () => { const at = opened; opened = null; closed(at); });
  drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });

  function grid(caption, heads, rows, kind) {
    return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption },
      make("table", { class: kind || null }, make("caption", {}, caption),
        make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
        make("tbody", {}, ...rows.map((row) => make("tr", {}, make("th", { scope: "row" }, row[0]), ...row.slice(1).map((cell) => make("td", {}, cell)))))));
  }

  function claimRow(stream, at) {
    const interval = stream.kind === "interval", result = stream.result[at];
    const horizon = Number(stream.name.slice(stream.name.lastIndexOf(":") + 1));
    const settled = "rwv".includes(result) ? days[at + ((stream.late || {})[at] || horizon)] : undefined;
    const said = interval ? `${points(stream.low[at])} to ${points(stream.high[at])}` : permille(stream.p[at]);
    const base = interval ? `${points(stream.base_low[at])} to ${points(stream.base_high[at])}` : permille(stream.b[at]);
    const came = !"rw".includes(result) ? "–" : stream.kind === "volatility" ? (stream.realised[at] / 100).toFixed(1) + "%" : points(stream.realised[at]);
    const verdict = interval && "rw".includes(result) ? (result === "r" ? "held" : "missed") : verdicts[result];
    return [`${stream.kind} ${stream.name}`, said, base, came, verdict, settled || "–"];
  }

  function open(at) {
    opened = at;
    const calls = data.streams.filter((stream) => stream.kind === "direction" && stream.result[at] !== ".");
    const made = data.streams.filter((stream) => stream.result[at] !== ".").map((stream) => claimRow(stream, at));
    const minds = data.minds.map((mind, i) => [mind, ...calls.map((stream) => {
      const lean = stream.lean[i][at];
      return lean === 101 ? "silent" : signed(lean / 100, 2);
    })]);
    const held = data.gates.at.filter(([day]) => day === at).map(([, which]) => data.gates.results[which]);
    const silent = data.silences.at.filter(([day]) => day === at).map(([, which]) => data.silences.results[which]);
    const essay = data.essays[days[at]];
    const head = `${at + 2}:${data.heads[at]}`;
    const step = (to, name) => make("button", { type: "button", disabled: to < 0 || to > last ? "" : null, on: { click: () => open(to) } }, name);
    const inside = make("div", { class: "drawer" },
      make("div", { class: "bar" }, step(at - 1, "‹ day before"), step(at + 1, "day after ›"),
        make("button", { type: "button", class: "close", on: { click: () => drawer.close() } }, "Close")),
      make("h2", { id: "day-title" }, days[at]),
      make("p", { class: "quiet" }, `${word(data.labels[Number(data.label[at])])} ${fixed(data.score[at] / 100, 2)} (${data.status.names[data.status.at[at]]})`),
      essay ? make("p", {}, make("a", { href: "essays/" + encodeURIComponent(essay) }, "Read the day's essay")) : null,
      made.length ? grid("Claims", ["claim", "said", "base rate", "came", "verdict", "settled"], made)
        : make("p", {}, "Nothing was claimed on this day."),
      calls.length ? grid("How the minds leaned, −1 to +1", ["mind", ...calls.map((stream) => stream.name)], minds) : null,
      silent.length ? grid("Why minds were silent", ["mind", "target", "reason"], silent, "words") : null,
      held.length ? grid("Gates", ["gate", "target", "did", "reason"], held, "words") : make("p", { class: "quiet" }, "Every gate passed."),
      make("h3", {}, "The record"),
      make("p", {}, `Entry ${at + 1} of the ledger, digest ${data.heads[at]}…. To prove that the record up to this day is as it was:`),
      make("pre", {}, make("code", {}, `workshop ledger verify . --head ${head}`)),
      make("p", {}, "To print all that was known and decided on this day:"),
      make("pre", {}, make("code", {}, `sqlite3 ledger.sqlite "SELECT body FROM entries WHERE seq = ${at + 1}"`)));
    const before = document.activeElement && drawer.contains(document.activeElement) ? document.activeElement.textContent : null;
    drawer.replaceChildren(inside);
    drawer.scrollTop = 0;
    if (!drawer.open) drawer.showModal();
    const buttons = [...inside.querySelectorAll(".bar button")];
    (buttons.find((button) => button.textContent === before && !button.disabled) || buttons[2]).focus();
  }

  /* ---- light, dark, paper ---- */
  function redraw() { charts.forEach((one) => one.draw()); }

  function theme() {
    const root = document.documentElement;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
    const button = make("button", { type: "button", on: { click: () => { root.dataset.theme = isDark() ? "light" : "dark"; tell(); redraw(); } } });
    const tell = () => { button.textContent = isDark() ? "Light" : "Dark"; };
    tell();
    document.getElementById("theme").append(button);
    dark.addEventListener("change", () => { tell(); redraw(); });
    let before = null;
    const paper = (on) => {
      if (on === printing.on) return;
      printing.on = on;
      if (on) { before = root.dataset.theme || null; root.dataset.theme = "light"; }
      else if (before === null) delete root.dataset.theme;
      else root.dataset.theme = before;
      charts.forEach((one) => one.size(on));
      redraw();
    };
    addEventListener("beforeprint", () => paper(true));
    addEventListener("afterprint", () => paper(false));
  }

  reliability();
  lead();
  market();
  fan();
  wealth();
  calendar();
  theme();
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => { if (!printing.on) charts.forEach((one) => one.size(false)); });
  });
})();
