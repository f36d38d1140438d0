// Figure 1 to turn: the measured grid, bilinear between its points as in the printed figure, lit and coloured by the graphics card.
const AWAY = 3.2, REACH = 1.2, ZOOM = 1.12; // of the eye, in sides of the box; how far the box reaches; sides per half the width
const SHIFT = [-0.08, 0.07]; // of the middle, as a share of half the picture: numbers are on the right, and near corners reach down
const FACETS = 96; // along each side of a surface
const LIGHT = [-0.45, -0.55, 0.7].map(each => each / Math.hypot(0.45, 0.55, 0.7));

const VERTEX = `
attribute vec3 place; attribute vec2 slope;
uniform mat3 view; uniform vec3 depth; uniform vec2 scale; uniform vec3 limits; uniform float tall, lid;
varying float height; varying vec2 steep;
void main() {
  height = place.z;
  steep = slope;
  float top = lid > 0.5 ? limits.z : place.z;
  vec3 at = view * vec3(place.xy, ((top - limits.x) / (limits.y - limits.x) - 0.5) * tall);
  float away = depth.x - at.z;
  gl_Position = vec4(scale * at.xy + away * vec2(${SHIFT}), depth.y * away - depth.z, away);
}`;
// What is above the cap is left open, under a lid of see-through grey. Light and gloss are those of the printed figure.
const FRAGMENT = `
precision highp float;
uniform vec3 limits, light; uniform float lid; uniform sampler2D colours;
varying float height; varying vec2 steep;
void main() {
  if (lid > 0.5) { if (height <= limits.z) discard; gl_FragColor = vec4(0.1, 0.1, 0.1, 0.16); return; }
  if (height > limits.z) discard;
  vec3 colour = texture2D(colours, vec2((height - limits.x) / (limits.y - limits.x), 0.5)).rgb;
  vec3 normal = normalize(vec3(-steep, 1.0)), halfway = normalize(light + vec3(0.0, 0.0, 1.0));
  float incidence = clamp(dot(normal, light), 0.0, 1.0), gloss = pow(clamp(dot(normal, halfway), 0.0, 1.0), 30.0);
  gl_FragColor = vec4(colour * (0.6 + 0.45 * incidence) + 0.06 * gloss, 1.0);
}`;

/** Directions of the screen (right, up, towards the eye) in those of the box, for an eye at these angles in degrees. */
function facing(turn, tilt) {
  const [a, e] = [turn, tilt].map(each => each * Math.PI / 180);
  return [[-Math.sin(a), Math.cos(a), 0], [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)],
    [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)]];
}

/** Vertices (x, y, height, slopes), triangles with a part below the cap and with one above; a cell with a point that is missing stays open. */
function mesh({alpha, beta, heights}, {low, high, cap, box: [wide, deep, tall]}) {
  const rows = beta.length, columns = alpha.length, parts = Math.ceil(FACETS / (Math.max(rows, columns) - 1));
  const known = (row, column) => heights[row]?.[column] ?? null;
  const slope = (row, column, down, right) => { // as drawn, from the neighbours on either side
    const ends = [[row - down, column - right], [row + down, column + right]].map(([r, c]) => known(r, c) === null ? [row, column] : [r, c]);
    const [[r, c], [s, d]] = ends, run = down ? (s - r) * deep / (rows - 1) : (d - c) * wide / (columns - 1);
    return run && known(row, column) !== null ? (known(s, d) - known(r, c)) / (high - low) * tall / run : 0;
  };
  const corners = Array.from({length: rows}, (_, row) => Array.from({length: columns}, (_, column) =>
    [wide * (column / (columns - 1) - 0.5), deep * (row / (rows - 1) - 0.5), known(row, column) ?? 0,
      slope(row, column, 0, 1), slope(row, column, 1, 0)]));
  const vertices = [], triangles = [[], []], down = (rows - 1) * parts, right = (columns - 1) * parts;
  for (let i = 0; i <= down; i++) for (let j = 0; j <= right; j++) {
    const row = Math.max(0, Math.ceil(i / parts) - 1), column = Math.max(0, Math.ceil(j / parts) - 1); // the cell it ends
    const t = i / parts - row, s = j / parts - column;
    const [[a, b], [c, d]] = [corners[row], corners[row + 1]].map(each => [each[column], each[column + 1]]);
    for (let k = 0; k < 5; k++) vertices.push((1 - t) * ((1 - s) * a[k] + s * b[k]) + t * ((1 - s) * c[k] + s * d[k]));
    const whole = [[row, column], [row, column + 1], [row + 1, column], [row + 1, column + 1]].every(([r, c]) => known(r, c) !== null);
    if (i === 0 || j === 0) continue;
    const here = vertices.length / 5 - 1, left = here - 1, above = here - right - 1;
    for (const triangle of whole ? [[above - 1, above, left], [left, above, here]] : []) {
      const tops = triangle.map(each => vertices[5 * each + 2]);
      if (Math.min(...tops) <= cap) triangles[0].push(...triangle);
      if (Math.max(...tops) > cap) triangles[1].push(...triangle);
    }
  }
  return {vertices: new Float32Array(vertices), triangles};
}

/** Give a function that draws one surface onto `canvas` for a view and a scale; null where the browser cannot. */
function painter(canvas, panel, data) {
  // Where the processor has to draw, smooth edges would take it most of the time.
  const gl = canvas.getContext('webgl', {antialias: true, failIfMajorPerformanceCaveat: true}) || canvas.getContext('webgl', {antialias: false});
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  const {vertices, triangles} = mesh(panel, data), at = name => gl.getUniformLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, vertices, gl.STATIC_DRAW);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, new Uint16Array(triangles.flat()), gl.STATIC_DRAW);
  for (const [name, size, offset] of [['place', 3, 0], ['slope', 2, 12]]) {
    const attribute = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(attribute);
    gl.vertexAttribPointer(attribute, size, gl.FLOAT, false, 20, offset);
  }
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, data.colours.length / 3, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, new Uint8Array(data.colours));
  for (const key of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, key, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
  gl.uniform3f(at('limits'), data.low, data.high, data.cap);
  gl.uniform3f(at('light'), ...LIGHT);
  gl.uniform1f(at('tall'), data.box[2]);
  gl.uniform3f(at('depth'), AWAY, AWAY / REACH, (AWAY * AWAY - REACH * REACH) / REACH);
  gl.enable(gl.DEPTH_TEST);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return (view, scale) => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix3fv(at('view'), false, [0, 1, 2].flatMap(column => view.map(row => row[column])));
    gl.uniform2f(at('scale'), ...scale);
    for (const lid of [0, 1]) {
      gl.uniform1f(at('lid'), lid);
      (lid ? gl.enable : gl.disable).call(gl, gl.BLEND);
      gl.drawElements(gl.TRIANGLES, triangles[lid].length, gl.UNSIGNED_SHORT, lid * 2 * triangles[0].length);
    }
  };
}

/** Draw box, axes and their names, behind the surface. */
function frame(canvas, view, scale, {ticks, low, high, box: [wide, deep, tall]}) {
  const pen = canvas.getContext('2d'), ratio = canvas.width / canvas.clientWidth, style = getComputedStyle(canvas);
  const place = at => {
    const [x, y, z] = view.map(row => row.reduce((sum, each, i) => sum + each * at[i], 0));
    return [(1 + SHIFT[0] + scale[0] * x / (AWAY - z)) * canvas.width / 2, (1 - SHIFT[1] - scale[1] * y / (AWAY - z)) * canvas.height / 2, z];
  };
  const corner = (i, z) => [wide * [-0.5, 0.5, 0.5, -0.5][i % 4], deep * [-0.5, -0.5, 0.5, 0.5][i % 4], z];
  const line = (...ends) => { pen.beginPath(); for (const each of ends) pen.lineTo(...place(each).slice(0, 2)); pen.stroke(); };
  const write = (text, at, dx, dy, align) => { const [x, y] = place(at); pen.textAlign = align; pen.fillText(text, x + dx * ratio, y + dy * ratio); };
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = pen.fillStyle = style.color;
  pen.font = `${12 * ratio}px ${style.fontFamily}`;
  pen.textBaseline = 'middle';
  pen.lineWidth = ratio;
  const [bottom, top] = [-tall / 2, tall / 2], upright = [0, 1, 2, 3].map(i => place(corner(i, bottom)));
  const front = upright.reduce((best, each, i) => each[2] > upright[best][2] ? i : best, 0);
  const right = upright.reduce((best, each, i) => each[0] > upright[best][0] ? i : best, 0);
  for (let i = 0; i < 4; i++) {
    pen.globalAlpha = 0.35;
    line(corner(i, bottom), corner(i + 1, bottom));
    if (i !== front) line(corner(i, bottom), corner(i, top));
    if (i !== front && (i + 1) % 4 !== front) line(corner(i, top), corner(i + 1, top));
  }
  pen.globalAlpha = 1;
  for (const {at, name} of ticks) write(name, corner(right, (at - low) / (high - low) * tall - tall / 2), 6, 0, 'left');
  write('loss', corner(right, top), 6, -16, 'left');
  for (const i of [front, (front + 3) % 4]) { // the two lower edges next to the eye
    const middle = corner(i, bottom).map((each, k) => (each + corner(i + 1, bottom)[k]) / 2);
    write(i % 2 ? 'β' : 'α', middle, place(middle)[0] > canvas.width / 2 ? 10 : -10, 12, 'center');
  }
}

live('figure1', (box, data) => {
  const [turn, tilt] = box.querySelectorAll('input'), told = box.querySelector('.told');
  const usable = drawn => {
    for (const each of box.querySelectorAll('p:not(.told), .panels, .steer')) each.hidden = !drawn;
    told.textContent = drawn ? '' : 'This browser draws no surfaces to turn (WebGL is off or was lost). The figure above shows them.';
  };
  const panels = [...box.querySelectorAll('.panel')].map((panel, i) => {
    const [back, surface] = panel.querySelectorAll('canvas');
    return {back, surface, paint: painter(surface, data.panels[i], data)};
  });
  const still = panels.some(({paint}) => !paint);
  usable(!still);
  if (still) return;
  let due = 0;
  const draw = () => {
    due = 0;
    const view = facing(turn.value, tilt.value);
    for (const {back, surface, paint} of panels) {
      const {clientWidth, clientHeight} = surface, ratio = Math.min(2, window.devicePixelRatio || 1);
      if (!clientWidth) return; // hidden
      for (const canvas of [back, surface]) {
        const [width, height] = [clientWidth, clientHeight].map(each => Math.round(each * ratio));
        if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
      }
      const scale = [ZOOM * AWAY, ZOOM * AWAY * clientWidth / clientHeight];
      paint(view, scale);
      frame(back, view, scale, data);
    }
  };
  const ask = () => { due ||= requestAnimationFrame(draw); };
  steered([turn, tilt], () => {
    tell(turn, `${shown(Number(turn.value), 0)}°`);
    tell(tilt, `${shown(Number(tilt.value), 0)}°`);
    ask();
  });
  // All panels turn together, by the sliders or by dragging any of them; a finger that moves up and down scrolls the page.
  for (const [i, {surface}] of panels.entries()) {
    let held; // where the pointer went down, and the view there
    surface.addEventListener('pointerdown', event => {
      held = {x: event.clientX, y: event.clientY, turn: Number(turn.value), tilt: Number(tilt.value)};
      surface.setPointerCapture(event.pointerId);
    });
    surface.addEventListener('pointermove', event => {
      if (!surface.hasPointerCapture(event.pointerId)) return;
      const turned = held.turn - (event.clientX - held.x) / 2 + 180;
      turn.value = turned - 360 * Math.floor(turned / 360) - 180; // however far a pointer goes, round and round
      tilt.value = held.tilt + (event.clientY - held.y) / 2;
      turn.dispatchEvent(new Event('input'));
    });
    new ResizeObserver(ask).observe(surface);
    // A browser may take the graphics card away, and give it back with nothing on it.
    surface.addEventListener('webglcontextlost', event => { event.preventDefault(); usable(false); });
    surface.addEventListener('webglcontextrestored', () => {
      panels[i].paint = painter(surface, data.panels[i], data);
      usable(panels.every(({paint, surface: canvas}) => paint && !canvas.getContext('webgl').isContextLost()));
      ask();
    });
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', ask);
  box.querySelector('button').addEventListener('click', () => {
    [turn.value, tilt.value] = [data.turn, data.tilt];
    turn.dispatchEvent(new Event('input'));
  });
});
