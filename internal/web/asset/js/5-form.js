// Forms: each is sent once, its button says that it runs, and an answer that
// says what is wrong with it is where the reader is.
(function () {
  'use strict';
  const running = '[aria-busy=true]';

  function mark(on, form, button) {
    if (form) form.toggleAttribute('data-sent', on);
    if (!button) return;
    for (const name of ['aria-busy', 'aria-disabled']) {
      if (on) button.setAttribute(name, 'true');
      else button.removeAttribute(name);
    }
  }

  // Reading again does no harm; only what is posted is sent once.
  const parts = (ctx) => {
    const own = ctx.sourceElement, posted = ctx.request.method === 'POST';
    if (own.matches('button')) return [null, own];
    return [posted && own.matches('form') ? own : null, own.matches('form') ? ctx.request.submitter : null];
  };
  // Scripts of ours say htmx:after:swap too, without a request.
  const of = (e) => e.detail && e.detail.ctx;
  document.addEventListener('htmx:before:request', (e) => { if (of(e)) mark(true, ...parts(of(e))); });
  document.addEventListener('htmx:finally:request', (e) => { if (of(e)) mark(false, ...parts(of(e))); });

  function drop(e) {
    e.preventDefault();
    e.stopImmediatePropagation();
  }
  document.addEventListener('submit', (e) => { if (e.target.matches('[data-sent]')) drop(e); }, true);
  document.addEventListener('click', (e) => { if (e.target.closest('button' + running)) drop(e); }, true);

  // A form that the browser sends itself, which comes back by its Back button.
  window.addEventListener('submit', (e) => {
    if (!e.defaultPrevented && e.target.method === 'post') mark(true, e.target, e.submitter);
  });
  window.addEventListener('pageshow', (e) => {
    if (!e.persisted) return;
    document.querySelectorAll('form[data-sent]').forEach((f) => mark(false, f));
    document.querySelectorAll('button' + running).forEach((b) => mark(false, null, b));
  });

  // What is wrong comes into sight and gets the focus: the first field, else
  // the message.
  function toWrong() {
    const main = document.getElementById('main');
    const at = main && (main.querySelector('[aria-invalid=true]') || main.querySelector('.hs-error[role=alert], .hs-problem'));
    if (!at) return;
    for (let d = at.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
    if (!at.matches('input, select, textarea')) at.tabIndex = -1;
    at.focus({preventScroll: true});
    at.scrollIntoView({block: 'center'});
  }
  document.addEventListener('htmx:after:swap', (e) => {
    const {target, response} = of(e) || {};
    if (target === document.body && response && response.status >= 400) toWrong();
  });
  document.addEventListener('DOMContentLoaded', () => {
    const [page] = performance.getEntriesByType('navigation');
    if (page && page.responseStatus >= 400) toWrong();
  });
})();
