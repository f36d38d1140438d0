// What can be moved begins when it is scrolled into view, so that opening the page costs nothing. The printed figure stays above it.

/** Start `begin(box, data)` once the box of a figure is near the window; `data` is what the page carries for it. */
function live(name, begin) {
  const box = document.getElementById(`live-${name}`);
  if (!box) return;
  box.hidden = false;
  const seen = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    seen.disconnect();
    begin(box, JSON.parse(document.getElementById(`data-${name}`).textContent));
  }, {rootMargin: '300px'});
  seen.observe(box);
}

/** Call `changed` now and whenever one of the inputs is moved. */
function steered(inputs, changed) {
  for (const input of inputs) input.addEventListener('input', changed);
  changed();
}

/** Write what a slider stands at beside it, and into its announcement. */
function tell(input, text) {
  input.setAttribute('aria-valuetext', text);
  input.closest('label').querySelector('output').textContent = text;
}

/** A number of few digits with a true minus sign. */
function shown(value, digits = 2) {
  const text = Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 10 ** -digits / 2)
    ? value.toExponential(1).replace('e', '·10^').replace('+', '') : value.toFixed(digits);
  return text.replace(/\^(-?\d+)/, (_, power) => [...power].map(digit => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)]).join(''))
    .replace('-', '−');
}

const percent = value => `${shown(100 * value, 1)} %`;
