// Draws charts: <div data-chart='option as JSON'> inside a figure that also
// holds the numbers as a table. The library is loaded by the first chart.
(function () {
  'use strict';
  const H = window.hansei;
  let loading;

  function library() {
    loading = loading || new Promise((resolve, reject) => {
      if (window.echarts) return resolve();
      const s = document.createElement('script');
      s.src = document.querySelector('meta[name=hansei-echarts]').content;
      s.onload = resolve;
      s.onerror = () => { loading = undefined; reject(new Error('the chart library did not load')); };
      document.head.append(s);
    });
    return loading;
  }

  const tokens = ['ink', 'muted', 'grid', 'line', 'surface', 'accent', 'band', 'signal', 'limit', 'hatch',
    's1', 's2', 's3', 's4', 's5', 's6'];

  function palette() {
    const css = getComputedStyle(document.documentElement);
    return Object.fromEntries(tokens.map((t) => [t, css.getPropertyValue('--hs-' + t).trim()]));
  }

  const option = (box) => window.hanseiOption(JSON.parse(box.dataset.chart), palette());

  function paint(box) {
    if (!box.isConnected) return;
    const old = window.echarts.getInstanceByDom(box);
    if (old) old.dispose();
    box.hidden = false;
    box.style.height = box.dataset.height + 'px';
    const chart = window.echarts.init(box, null, {renderer: 'canvas'});
    chart.setOption(option(box));
    chart.on('click', (p) => { if (p.data && p.data.href) H.visit(p.data.href); });
    const figure = box.closest('figure');
    figure.querySelector('[data-chart-menu]').hidden = false;
    figure.querySelector('.hs-chart-table').hidden = true;
    figure.querySelector('[data-chart-table]').setAttribute('aria-pressed', 'false');
    sizes.observe(box);
  }

  const sizes = new ResizeObserver((entries) => entries.forEach((e) => {
    const chart = window.echarts.getInstanceByDom(e.target);
    if (!e.target.isConnected) {
      sizes.unobserve(e.target);
      if (chart) chart.dispose();
    } else if (chart && e.contentRect.width > 0) {
      chart.resize();
    }
  }));

  function draw(root) {
    const boxes = [...root.querySelectorAll('[data-chart]:not([data-drawn])')];
    if (boxes.length === 0) return;
    boxes.forEach((b) => { b.dataset.drawn = ''; });
    library().then(() => boxes.forEach(paint)).catch((err) => {
      boxes.forEach((b) => { delete b.dataset.drawn; });
      H.say(err.message + '; the numbers are in the tables');
    });
  }

  H.enhance(draw);
  document.addEventListener('hansei:theme', () => {
    if (window.echarts) document.querySelectorAll('[data-drawn]').forEach(paint);
  });

  function csv(figure) {
    const quote = (s) => (/[",\n]/.test(s) ? '"' + s.replace(/"/g, '""') + '"' : s);
    return [...figure.querySelectorAll('.hs-chart-table tr')]
      .map((tr) => [...tr.cells].map((c) => quote(c.dataset.raw || c.textContent)).join(',')).join('\r\n') + '\r\n';
  }

  // A picture of its own, in the reader's colours on a solid ground.
  function picture(box, renderer) {
    const size = {width: box.clientWidth || 800, height: Number(box.dataset.height)};
    const host = document.createElement('div');
    const chart = window.echarts.init(host, null, {renderer, ...size});
    chart.setOption({...option(box), backgroundColor: palette().surface});
    const done = () => chart.dispose();
    if (renderer === 'svg') {
      const blob = new Blob([chart.renderToSVGString()], {type: 'image/svg+xml'});
      done();
      return Promise.resolve(blob);
    }
    return new Promise((resolve) => chart.renderToCanvas({pixelRatio: 2}).toBlob(resolve)).finally(done);
  }

  function toggle(figure, button) {
    const table = figure.querySelector('.hs-chart-table');
    const box = figure.querySelector('[data-chart]');
    const show = table.hidden;
    table.hidden = !show;
    box.hidden = show;
    button.setAttribute('aria-pressed', String(show));
    if (!show) window.echarts.getInstanceByDom(box).resize();
  }

  document.addEventListener('click', (e) => {
    const button = e.target.closest('[data-chart-table], [data-chart-save]');
    if (!button) return;
    const figure = button.closest('figure');
    const box = figure.querySelector('[data-chart]');
    const name = figure.id.replace(/^chart-/, '');
    switch (button.dataset.chartSave) {
      case undefined: toggle(figure, button); break;
      case 'csv': H.save(name + '.csv', new Blob([csv(figure)], {type: 'text/csv'})); break;
      case 'png': picture(box, 'canvas').then((b) => H.save(name + '.png', b)); break;
      case 'svg': picture(box, 'svg').then((b) => H.save(name + '.svg', b)); break;
    }
    const menu = button.closest('details');
    if (menu) menu.open = false;
  });
})();
