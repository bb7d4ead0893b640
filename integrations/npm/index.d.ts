/** `<windstill-loop src="photo.loop"><img src="photo.jpg" alt="..."></windstill-loop>` */
export interface WindstillLoop extends HTMLElement {
  /** Whether it stands still although it is in sight. */
  readonly paused: boolean;
  /** Length of the loop in seconds; NaN before it is loaded. */
  readonly duration: number;
  /** Seconds. */
  currentTime: number;
  /** Why it can't be played, or null. */
  readonly error: Error | null;
  /** Plays, whatever the visitor's settings; when it is out of sight, as soon as it is seen. */
  play(): void;
  pause(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "windstill-loop": WindstillLoop;
  }
}
