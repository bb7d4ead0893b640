/**
 * The shaders of a loop. Pixels are addressed by whole numbers, rows from the top; all
 * positions are pixels of a region of the picture unless said otherwise.
 */

const HEAD = `#version 300 es
precision highp float;
out vec4 result;
`;

export const COVER = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(4.0 * corner - 1.0, 0.0, 1.0);
}
`;

/** The photo's luma at half size. */
export const HALVE = `${HEAD}
uniform sampler2D picture;
uniform ivec4 region;
uniform float kernel[6];
uniform vec4 luma;
int mirrored(int i, int size) { return i < 0 ? -i : (i >= size ? 2 * size - 2 - i : i); }
void main() {
  ivec2 size = region.zw - region.xy;
  ivec2 last = textureSize(picture, 0) - 1;
  ivec2 first = 2 * ivec2(gl_FragCoord.xy) - 2;
  float total = 0.0;
  for (int j = 0; j < 6; j++) for (int i = 0; i < 6; i++) {
    ivec2 at = ivec2(mirrored(first.x + i, size.x), mirrored(first.y + j, size.y));
    vec3 colour = texelFetch(picture, min(region.xy + at, last), 0).rgb;
    total += kernel[i] * kernel[j] * (dot(luma.rgb, colour * 255.0) + luma.a);
  }
  result = vec4(total / 255.0);
}
`;

/** The detail that half the size cannot hold, where it moves; plus 128, in its own unit. */
export const FINE = `${HEAD}
uniform sampler2D picture, halved, still, strength;
uniform ivec4 region;
uniform vec4 luma;
uniform float unit;
uniform vec3 lattice;
uniform float cell;
void main() {
  vec2 size = vec2(region.zw - region.xy);
  vec2 here = gl_FragCoord.xy / size;
  ivec2 at = min(region.xy + ivec2(gl_FragCoord.xy), textureSize(picture, 0) - 1);
  float whole = dot(luma.rgb, texelFetch(picture, at, 0).rgb * 255.0) + luma.a;
  float detail = floor(whole + 0.5) - floor(texture(halved, here).r * 255.0 + 0.5);
  float moving = texture(strength, (gl_FragCoord.xy / cell + lattice.z) / lattice.xy).r;
  float counted = texture(still, here).g < 0.5 ? 0.0 : detail * moving / unit;
  result = vec4((clamp(floor(counted + 0.5), -100.0, 100.0) + 128.0) / 255.0);
}
`;

/** A picture made twice as large along one axis, with half-way values between its samples. */
export const DOUBLE = `${HEAD}
uniform sampler2D picture;
uniform ivec2 axis;
uniform float kernel[6];
int mirrored(int i, int size) {
  i = i < 0 ? -i : i;
  return i >= size ? max(2 * size - 2 - i, 0) : i;
}
void main() {
  ivec2 size = textureSize(picture, 0);
  ivec2 at = ivec2(gl_FragCoord.xy);
  ivec2 whole = at - axis * (at - at / 2);
  int place = axis.x * at.x + axis.y * at.y;
  if ((place & 1) == 0) { result = texelFetch(picture, whole, 0); return; }
  vec4 total = vec4(0.0);
  for (int k = 0; k < 6; k++) {
    ivec2 from = whole + axis * (k - 2);
    from = ivec2(mirrored(from.x, size.x), mirrored(from.y, size.y));
    total += kernel[k] * texelFetch(picture, from, 0);
  }
  result = total;
}
`;

/** The photo with how much of each pixel is moving sky. */
export const BASE = `${HEAD}
uniform sampler2D photo, mattes, still;
uniform ivec4 region;
uniform bool moves;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec2 here = (gl_FragCoord.xy - vec2(region.xy)) / vec2(region.zw - region.xy);
  bool outside = any(lessThan(here, vec2(0.0))) || any(greaterThan(here, vec2(1.0)));
  float sky = outside || !moves ? 0.0 : texelFetch(mattes, at, 0).r * texture(still, here).r;
  result = vec4(texelFetch(photo, at, 0).rgb, clamp((sky - 0.12) / 0.88, 0.0, 1.0));
}
`;

/** Over the region of a patch of hair: what is behind it, as in BASE. */
export const BEHIND = `${HEAD}
uniform sampler2D mattes, own, plate, replaced, sky, still;
uniform ivec4 region, whole, heaven;
uniform bool moves;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  float all = texelFetch(mattes, at, 0).g;
  float hair = all * texelFetch(own, at - region.xy, 0).r;
  // What is another patch's hair alone stays for that one.
  if (hair < 0.002 && (all > 0.02 || texelFetch(replaced, at - whole.xy, 0).r < 0.5)) discard;
  vec2 size = vec2(whole.zw - whole.xy);
  vec2 here = (gl_FragCoord.xy - vec2(whole.xy)) / size;
  vec2 there = (gl_FragCoord.xy - vec2(heaven.xy)) / vec2(heaven.zw - heaven.xy);
  bool outside = any(lessThan(there, vec2(0.0))) || any(greaterThan(there, vec2(1.0)));
  float seen = outside || !moves ? 0.0 : texture(sky, here).r * texture(still, there).r;
  result = vec4(texelFetch(plate, at - whole.xy, 0).rgb, clamp((seen - 0.12) / 0.88, 0.0, 1.0));
}
`;

/** The scene within the region of a patch, with its hair's matte. */
export const HAIR = `${HEAD}
uniform sampler2D base, mattes, own;
uniform ivec4 region;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  ivec2 from = min(at + region.xy, textureSize(base, 0) - 1);
  float hair = texelFetch(mattes, from, 0).g * texelFetch(own, at, 0).r;
  result = vec4(texelFetch(base, from, 0).rgb, hair);
}
`;

/** What is behind, within the region of a patch. */
export const CROP = `${HEAD}
uniform sampler2D base;
uniform ivec4 region;
void main() {
  ivec2 at = min(ivec2(gl_FragCoord.xy) + region.xy, textureSize(base, 0) - 1);
  result = vec4(texelFetch(base, at, 0).rgb, 1.0);
}
`;

/** The scene as it is. */
export const COPY = `${HEAD}
uniform sampler2D base;
uniform int flip;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  if (flip > 0) at.y = flip - 1 - at.y;
  result = vec4(texelFetch(base, at, 0).rgb, 1.0);
}
`;

/** Water that mirrors the sky; see windstill/elements/sky/reflection.py. */
export const MIRROR = `${HEAD}
uniform sampler2D canvas, base, share;
uniform float middle;
uniform int flip;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  if (flip > 0) at.y = flip - 1 - at.y;
  vec3 seen = texelFetch(canvas, at, 0).rgb;
  result = vec4(seen, 1.0);
  ivec2 size = textureSize(canvas, 0), above = ivec2(at.x, 2 * int(middle) - 1 - at.y);
  vec2 here = (vec2(at) + 0.5 - vec2(0.0, middle)) / vec2(float(size.x), float(size.y) - middle);
  if (here.y < 0.0 || above.y < 0) return;
  vec3 change = texelFetch(canvas, above, 0).rgb - texelFetch(base, above, 0).rgb;
  result.rgb += texture(share, here).r * change;
}
`;

/** How much of the even copies each node of the sky shows; see windstill/elements/sky/crossfade.c. */
export const COVERS = `${HEAD}
uniform sampler2D even, odd, meeting, fewer, more;
uniform ivec4 region;
uniform vec3 lattice;
uniform float cell;
uniform vec4 change;
vec2 size;

float level(vec4 low, vec4 high, int k) { return k < 4 ? low[k] : high[k - 4]; }

float dilated(vec4 low, vec4 high, float steps) {
  float at = clamp(steps, 0.0, 7.0);
  int first = min(int(at), 6);
  return mix(level(low, high, first), level(low, high, first + 1), at - float(first));
}

/* How much of the later copy shows by the clouds' cover, and by how much the copies' covers differ.
   change: reach, eagerness. */
vec2 covers(vec2 from, vec2 to, float come, float roughness) {
  if (come <= 0.0 || come >= 1.0) return vec2(0.0);
  vec2 a = (from + 0.5) / size, b = (to + 0.5) / size;
  vec4 earlyLow = texture(fewer, a), earlyHigh = texture(more, a);
  vec4 lateLow = texture(fewer, b), lateHigh = texture(more, b);
  float rough = clamp(come + come * (1.0 - come) * roughness, 0.0, 1.0);
  float kept = dilated(lateLow, lateHigh, change.x * (1.0 - change.y * rough));
  float grown = dilated(earlyLow, earlyHigh, change.x * (1.0 - change.y * (1.0 - rough)));
  float shown = max(min(earlyLow.x, kept), min(lateLow.x, grown));
  float apart = lateLow.x - earlyLow.x;
  return vec2(apart == 0.0 ? 0.0 : (shown - earlyLow.x) / apart, abs(apart));
}

void main() {
  size = vec2(region.zw - region.xy);
  // Nodes lie on the cells and half-way between them.
  vec2 at = 0.5 * floor(gl_FragCoord.xy);
  vec2 cells = (at + 0.5) / lattice.xy;
  vec2 here = (at - lattice.z + 0.5) * cell - 0.5;
  vec4 a = texture(even, cells), b = texture(odd, cells);
  bool evenIsOlder = b.z > 0.5;
  vec2 older = evenIsOlder ? a.xy : b.xy, younger = evenIsOlder ? b.xy : a.xy;
  float come = evenIsOlder ? 1.0 - a.z : a.z;
  result = vec4(covers(here - older, here - younger, come, texture(meeting, cells).w), come, evenIsOlder);
}
`;

/** How much of the even stream each node shows, of what COVERS told; see crossfade.c. */
export const SHARE = `${HEAD}
uniform sampler2D covers;
uniform vec4 change;
uniform vec2 tones;

void main() {
  ivec2 here = ivec2(gl_FragCoord.xy), last = textureSize(covers, 0) - 1;
  float sum = 0.0, square = 0.0;
  for (int y = -2; y <= 2; y++)
    for (int x = -2; x <= 2; x++) {
      vec2 near = texelFetch(covers, clamp(here + ivec2(x, y), ivec2(0), last), 0).xy;
      float weight = float((3 - abs(x)) * (3 - abs(y))) / 81.0 * 65025.0 * near.y * near.y;
      sum += weight * near.x;
      square += weight;
    }
  vec2 when = texelFetch(covers, here, 0).zw;
  float come = when.x, middle = come * (1.0 - come), plain = come * come * (3.0 - 2.0 * come);
  float late = (sum + tones.x * plain) / (square + tones.x);
  late = 0.5 + (late - 0.5) * (1.0 + change.z * square / (square + tones.y));
  late = clamp(mix(plain, late, min(16.0 * middle, 1.0)), 0.0, 1.0);
  result = vec4(when.y > 0.5 ? 1.0 - late : late);
}
`;

/** One moment of the sky; see windstill/elements/sky/layer.py. */
export const SKY = `${HEAD}
uniform sampler2D base, coarse, fine, shape, even, odd, meeting, shares;
uniform ivec4 region;
uniform vec3 lattice;
uniform float cell, mean, rest, fineUnit, floor_, gain;
uniform vec4 units;
uniform mat3 toRgb;
uniform int flip;
vec2 size;
vec4 beside;

/* The coarse band of half the size, enlarged linearly after it was moved. */
vec3 enlarged(vec2 at) {
  vec3 found = 9.0 * texture(coarse, (at + beside.xy) / size).rgb
    + 3.0 * texture(coarse, (at + beside.zy) / size).rgb
    + 3.0 * texture(coarse, (at + beside.xw) / size).rgb
    + texture(coarse, (at + beside.zw) / size).rgb;
  return found / 16.0;
}

/* The bands at a position, each with its weight: shape, coarse and fine detail. */
vec3 bands(vec2 at, vec3 weights) {
  vec3 found = (enlarged(at) * 255.0 - 128.0) * units.xyz;
  float wide = (texture(shape, (at + 0.5) / size).r * 255.0 - 128.0) * units.w;
  float luma = found.x * weights.y + wide * weights.x;
  if (fineUnit > 0.0) {
    float detail = texture(fine, (2.0 * at + 0.5) / (2.0 * size)).r * 255.0 - 128.0;
    luma += detail * fineUnit * weights.z;
  }
  return vec3(luma, found.yz * weights.x);
}

/* The factors on the coarse and the fine detail of a blend that keeps their variance. */
vec2 raised(float early, float late, vec3 moments) {
  float kept = early * moments.x + late * moments.y + floor_;
  float blended = early * early * moments.x + late * late * moments.y
    + 2.0 * early * late * moments.z + floor_;
  float coarsely = clamp(sqrt(kept / max(blended, 1e-3 * kept)), 1.0, gain);
  return vec2(coarsely, inversesqrt(early * early + late * late));
}

float noise(vec2 at) { return fract(52.9829189 * fract(dot(at, vec2(0.06711056, 0.00583715)))); }

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  if (flip > 0) at.y = flip - 1 - at.y;
  vec4 seen = texelFetch(base, at, 0);
  result = vec4(seen.rgb, 1.0);
  if (seen.a == 0.0) return;
  size = vec2(region.zw - region.xy);
  vec2 here = vec2(at - region.xy);
  // From a pixel to the nearest sample of the half-size plane, and to the next.
  beside.xy = 0.5 - mod(here, 2.0);
  beside.zw = -3.0 * beside.xy;
  vec2 cells = ((here + 0.5) / cell + lattice.z) / lattice.xy;
  vec4 a = texture(even, cells), b = texture(odd, cells);
  vec4 met = texture(meeting, cells);
  vec2 nodes = (2.0 * (cells * lattice.xy - 0.5) + 0.5) / vec2(textureSize(shares, 0));
  float first = texture(shares, nodes).r, second = 1.0 - first;
  vec2 raise = b.z > 0.5 ? raised(first, second, met.xyz) : raised(second, first, met.xyz);
  vec3 moved = -rest * bands(here, vec3(1.0));
  if (first > 0.0) moved += bands(here - a.xy, first * vec3(1.0, a.w * raise));
  if (second > 0.0) moved += bands(here - b.xy, second * vec3(1.0, b.w * raise));
  moved.x -= mean;
  vec3 step = toRgb * moved * seen.a;
  // Rounded with a fixed pattern, so that faint steps of a smooth sky do not move as lines.
  step = floor(step + 0.25 + 0.5 * noise(vec2(at)));
  result = vec4(seen.rgb + step / 255.0, 1.0);
}
`;

/** One moment of a patch of hair over the canvas; see windstill/elements/hair/layer.py. */
export const SWAY = `${HEAD}
uniform sampler2D canvas, hair, behind, pose;
uniform ivec4 region;
uniform vec2 grid;
uniform float cell;
uniform int flip;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  if (flip > 0) at.y = flip - 1 - at.y;
  vec3 scene = texelFetch(canvas, at, 0).rgb;
  result = vec4(scene, 1.0);
  if (any(lessThan(at, region.xy)) || any(greaterThanEqual(at, region.zw))) return;
  vec2 here = vec2(at - region.xy);
  vec2 moved = texture(pose, ((here + 0.5) / cell + 1.0) / grid).xy;
  vec2 from = (2.0 * (here - moved) + 0.5) / (2.0 * vec2(region.zw - region.xy));
  vec4 lock = texture(hair, from);
  float clear = 1.0 - lock.a;
  vec3 light = lock.rgb - clear * texture(behind, from).rgb;
  result = vec4(light + clear * scene, 1.0);
}
`;
