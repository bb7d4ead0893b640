/** A thin layer over WebGL2: programs that cover a target, textures, targets. */

import { COVER } from "./shaders.js";

/** A WebGL2 context and its programs, which all loops of a page share. */
export class Context {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.framebuffer = gl.createFramebuffer();
    this._programs = new Map();
    gl.bindVertexArray(gl.createVertexArray());
    gl.disable(gl.DITHER);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  }

  /** The program of a fragment shader: {handle, uniforms}. */
  program(shader) {
    if (!this._programs.has(shader)) this._programs.set(shader, this._linked(shader));
    return this._programs.get(shader);
  }

  _linked(shader) {
    const { gl } = this;
    const handle = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, COVER], [gl.FRAGMENT_SHADER, shader]]) {
      const part = gl.createShader(kind);
      gl.shaderSource(part, text);
      gl.compileShader(part);
      gl.attachShader(handle, part);
      gl.deleteShader(part);
    }
    gl.linkProgram(handle);
    if (!gl.getProgramParameter(handle, gl.LINK_STATUS) && !gl.isContextLost()) {
      const parts = gl.getAttachedShaders(handle).map((part) => gl.getShaderInfoLog(part));
      throw new Error(`a shader was refused: ${parts.join(" ")} ${gl.getProgramInfoLog(handle)}`);
    }
    const count = gl.getProgramParameter(handle, gl.ACTIVE_UNIFORMS) ?? 0;
    const uniforms = Array.from({ length: count }, (_, index) => {
      const { name, type } = gl.getActiveUniform(handle, index);
      return { name: name.replace("[0]", ""), type, place: gl.getUniformLocation(handle, name) };
    });
    return { handle, uniforms };
  }
}

/** What one loop has on the graphics card. */
export class Device {
  /**
   * @param {Context} context
   * @param {{width: number, height: number}} screen the part of the canvas that is painted on, at
   *   its lower left
   */
  constructor(context, screen) {
    this.gl = context.gl;
    this._context = context;
    this._screen = screen;
    this._textures = new Set();
  }

  /** A texture of an ImageBitmap, ImageData or canvas, 8 bits a channel. */
  picture(source) {
    const { gl } = this;
    const texture = this._texture(source.width, source.height);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
    return texture;
  }

  /** A texture of numbers, 1, 2 or 4 channels. */
  numbers(data, width, height, channels) {
    const { gl } = this;
    const [inside, format] = { 1: [gl.R16F, gl.RED], 2: [gl.RG16F, gl.RG], 4: [gl.RGBA16F, gl.RGBA] }[channels];
    const texture = this._texture(width, height);
    gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, format, gl.FLOAT, data);
    return Object.assign(texture, { format });
  }

  /** Replaces the numbers of a texture. */
  renumber(texture, data) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, texture.handle);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, texture.width, texture.height, texture.format, gl.FLOAT, data);
  }

  /** An empty texture that can be painted on; channels: 1 or 4, 8 bits each. */
  target(width, height, channels = 4) {
    const { gl } = this;
    const texture = this._texture(width, height);
    gl.texStorage2D(gl.TEXTURE_2D, 1, channels === 1 ? gl.R8 : gl.RGBA8, width, height);
    return texture;
  }

  /** Paints all of `target` (null: the canvas) with a fragment shader. */
  paint(shader, target, uniforms, { scissor = null } = {}) {
    const { gl } = this;
    const program = this._context.program(shader);
    gl.bindFramebuffer(gl.FRAMEBUFFER, target ? this._context.framebuffer : null);
    if (target) {
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target.handle, 0);
    }
    const { width, height } = target ?? this._screen;
    gl.viewport(0, 0, width, height);
    if (scissor) {
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(...scissor);
    }
    gl.useProgram(program.handle);
    let unit = 0;
    for (const { name, type, place } of program.uniforms) {
      if (type === gl.SAMPLER_2D) {
        gl.activeTexture(gl.TEXTURE0 + unit);
        gl.bindTexture(gl.TEXTURE_2D, uniforms[name].handle);
        gl.uniform1i(place, unit++);
      } else {
        this._set(type, place, uniforms[name]);
      }
    }
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.disable(gl.SCISSOR_TEST);
  }

  /** Frees textures. */
  free(...textures) {
    for (const texture of textures.filter(Boolean)) {
      this.gl.deleteTexture(texture.handle);
      this._textures.delete(texture);
    }
  }

  /** Frees everything. */
  destroy() {
    this.free(...this._textures);
  }

  _set(type, place, value) {
    const { gl } = this;
    const setters = {
      [gl.FLOAT]: () => (Array.isArray(value) ? gl.uniform1fv(place, value) : gl.uniform1f(place, value)),
      [gl.FLOAT_VEC2]: () => gl.uniform2fv(place, value),
      [gl.FLOAT_VEC3]: () => gl.uniform3fv(place, value),
      [gl.FLOAT_VEC4]: () => gl.uniform4fv(place, value),
      [gl.FLOAT_MAT3]: () => gl.uniformMatrix3fv(place, false, value),
      [gl.INT]: () => gl.uniform1i(place, value),
      [gl.BOOL]: () => gl.uniform1i(place, value ? 1 : 0),
      [gl.INT_VEC2]: () => gl.uniform2iv(place, value),
      [gl.INT_VEC4]: () => gl.uniform4iv(place, value),
    };
    setters[type]();
  }

  _texture(width, height) {
    const { gl } = this;
    const handle = gl.createTexture();
    // Unit 0 may hold a texture that is being read; it is bound anew before every painting.
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, handle);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D, filter, gl.LINEAR);
    }
    for (const axis of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
      gl.texParameteri(gl.TEXTURE_2D, axis, gl.MIRRORED_REPEAT);
    }
    const texture = { handle, width, height };
    this._textures.add(texture);
    return texture;
  }
}
