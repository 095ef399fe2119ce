import { inspect } from 'node:util';

/** A credential that never shows itself: prints `[redacted]` in text, JSON and `util.inspect`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The plain value, for the one place that sends it. */
  reveal(): string {
    return this.#value;
  }

  /** `[redacted]`. */
  toString(): string {
    return '[redacted]';
  }

  /** `[redacted]`. */
  toJSON(): string {
    return '[redacted]';
  }

  /** `[redacted]`. */
  [inspect.custom](): string {
    return '[redacted]';
  }
}
