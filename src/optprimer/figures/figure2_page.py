"""Figure 2 to move by hand: one self-contained page, on which the base point and the claimed curvature can be changed."""

import html
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from optprimer.figures import style
from optprimer.figures.figure2 import ABOVE, BASE, BELOW, LOSS, TOLERANCE, WRONG, nearest, sandwiches
from optprimer.figures.provenance import Provenance
from optprimer.files import write_text

# All heights come from the table. A parabola of the share s of the curvature lies at tangent + s (parabola - tangent).
MOVE = """
const plot = document.getElementById('sandwich');
const {w, loss, bases, beta, tolerance} = JSON.parse(document.getElementById('table').textContent);
const base = document.getElementById('base'), share = document.getElementById('share'), told = document.getElementById('told');
const shown = (x, digits = 2) => x.toFixed(digits).replace('-0.00', '0.00').replace('-', '\\u2212');
function read(x) {
  const i = Math.min(w.length - 2, Math.max(0, w.findIndex(each => each > x) - 1));
  return loss[i] + (loss[i + 1] - loss[i]) * (x - w[i]) / (w[i + 1] - w[i]);
}
function draw() {
  const {u, lower, upper} = bases[base.value], s = share.value / 100;
  const parabola = lower.map((each, i) => each + s * (upper[i] - each));
  const slope = (lower[lower.length - 1] - lower[0]) / (w[w.length - 1] - w[0]);
  const step = u - slope / (s * beta), height = read(u) - slope * slope / (2 * s * beta);
  const over = w.map((each, i) => loss[i] > parabola[i] + tolerance * Math.abs(loss[i]));
  const broken = over.filter(each => each).length;
  const inside = w[0] <= step && step <= w[w.length - 1];
  Plotly.restyle(plot, {
    x: [w, w, w, w, [u], inside ? [step] : []],
    y: [lower, parabola, loss, loss.map((each, i) => over[i] ? each : null), [read(u)], inside ? [height] : []],
  });
  base.setAttribute('aria-valuetext', 'u = ' + shown(u, 3));
  share.setAttribute('aria-valuetext', s + ' times beta');
  document.getElementById('base-value').textContent = shown(u, 3);
  document.getElementById('share-value').textContent = shown(s) + ' \\u03b2';
  told.textContent = (broken
    ? 'The loss is above the parabola at ' + broken + ' of ' + w.length + ' points: no bound with this curvature.'
    : 'The loss is between tangent and parabola at all ' + w.length + ' points.')
    + (inside ? ' The lowest point of the parabola is at w = ' + shown(step) + ', where the loss is ' + shown(read(step))
      + '; the parabola has ' + shown(height) + '.' : '');
}
base.addEventListener('input', draw);
share.addEventListener('input', draw);
document.getElementById('beta').addEventListener('click', () => { share.value = 100; draw(); });
// Dragging anywhere on the plot moves the base point to the nearest one that was measured.
let held = false;
function follow(event) {
  const area = plot.querySelector('.nsewdrag').getBoundingClientRect();
  const axis = plot._fullLayout.xaxis.range;
  const x = axis[0] + (axis[1] - axis[0]) * (event.clientX - area.left) / area.width;
  const distance = bases.map(each => Math.abs(each.u - x));
  base.value = distance.indexOf(Math.min(...distance));
  draw();
}
plot.addEventListener('pointerdown', event => { held = true; follow(event); }, true);
window.addEventListener('pointermove', event => { if (held) follow(event); });
for (const end of ['pointerup', 'pointercancel']) window.addEventListener(end, () => { held = false; });
draw();
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{provenance}">
<title>Smoothness and convexity</title>
<link rel="icon" href="data:,">
<style>body {{ margin: 0 auto; max-width: 50rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; color: #222;
  background: #fff }}
h1 {{ font-size: 1.3rem; margin: 0 0 .3rem }} p {{ margin: .3rem 0; font-size: .9rem; color: #444 }}
label {{ display: grid; grid-template-columns: 11rem 1fr 4.5rem; gap: .6rem; align-items: center; margin: .4rem 0 }}
input {{ width: 100%; min-width: 0; height: 1.6rem; margin: 0 }} #told {{ min-height: 4.5em; color: #222 }}
button {{ font: inherit; font-size: .9rem; padding: .2rem .7rem }}
#sandwich {{ touch-action: pan-y; cursor: ew-resize }} html {{ color-scheme: light }}
@media (max-width: 32rem) {{ label {{ grid-template-columns: 1fr 4.5rem }} label span:first-child {{ grid-column: 1 / 3 }} }}
</style>
</head>
<body>
<h1>Smoothness and convexity</h1>
<p>A convex loss lies above each of its tangents; one that is β-smooth lies below the parabola of curvature β that touches it at
the same point. Move the base point by dragging on the plot or with the slider (arrow keys work too), and claim another
curvature to see when the parabola cuts into the loss.</p>
<noscript><p>This page draws with JavaScript; the same figure is beside it as PNG, PDF and SVG.</p></noscript>
{plot}
<label><span>base point u</span><input type="range" id="base" min="0" max="{last}" step="1" value="{first}">
<output id="base-value" for="base"></output></label>
<label><span>curvature of the parabola</span><input type="range" id="share" min="25" max="150" step="5" value="100">
<output id="share-value" for="share"></output></label>
<button type="button" id="beta">back to β</button>
<p id="told" role="status"></p>
<p>{facts}</p>
<script type="application/json" id="table">{table}</script>
<script>{move}</script>
</body>
</html>
"""


def page(curves: pd.DataFrame, *, path: Path, provenance: Provenance) -> None:
    """Write the sandwich as a page that needs no network: equal tables give equal bytes.

    Raises:
        UserError: the table has no rows of the study sandwich.
    """
    found = sandwiches(curves)
    at = nearest(found, BASE)
    figure = go.Figure()
    step, height = at.lowest
    none = [None] * len(at.w)
    _line(figure, "tangent", at.w, at.lower, {"color": BELOW, "dash": "dashdot"})
    _line(figure, "parabola", at.w, at.upper, {"color": ABOVE, "dash": "dash"})
    figure.update_traces(selector={"name": "parabola"}, fill="tonexty", fillcolor="rgba(0,0,0,0.07)")
    _line(figure, "loss L(w)", at.w, at.loss, {"color": LOSS, "width": 3})
    _line(figure, "loss above the parabola", at.w, none, {"color": WRONG, "width": 5})
    _point(figure, "base point u", at.u, at.touching, {"color": LOSS})
    _point(figure, "gradient step", step, height, {"color": ABOVE, "symbol": "triangle-down"})
    figure.update_layout(
        height=430,
        margin={"l": 45, "r": 10, "t": 10, "b": 40},
        font={"family": "system-ui, sans-serif"},
        plot_bgcolor="white",
        dragmode=False,
        hovermode=False,
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "itemclick": False,
            "itemdoubleclick": False,
            "traceorder": "normal",
        },
    )
    ticks = {"fixedrange": True, "showline": True, "linecolor": "#888", "ticks": "outside", "zeroline": False}
    figure.update_xaxes(title="weight w", range=[at.w[0], at.w[-1]], **ticks)
    figure.update_yaxes(title="loss", range=[-1.3, 4.2], **ticks)
    plot = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        div_id="sandwich",
        config={"responsive": True, "displayModeBar": False},
    )
    bases = [{"u": each.u, "lower": each.lower.tolist(), "upper": each.upper.tolist()} for each in found]
    table = {"w": at.w.tolist(), "loss": at.loss.tolist(), "bases": bases, "beta": at.beta, "tolerance": TOLERANCE}
    page = PAGE.format(
        provenance=html.escape(provenance.text()),
        plot=plot,
        last=len(found) - 1,
        first=found.index(at),
        facts=html.escape(" · ".join(style.origin(provenance, f"{len(found)} base points", f"β = {at.beta:.4g}"))),
        table=json.dumps(table),
        move=MOVE,
    )
    write_text(path, page)


def _line(figure: go.Figure, name: str, x: Sequence[float], y: Sequence[float | None], line: dict) -> None:
    figure.add_scatter(name=name, x=x, y=y, mode="lines", line={"shape": "spline", "simplify": False} | line)


def _point(figure: go.Figure, name: str, x: float, y: float, marker: dict) -> None:
    figure.add_scatter(name=name, x=[x], y=[y], mode="markers", marker={"size": 12} | marker)
