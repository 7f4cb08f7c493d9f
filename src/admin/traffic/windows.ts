/** Formats the windows of limits: "20 a minute", "20 in 90 seconds". */
const NAMES: Readonly<Record<number, string>> = {
  1: "per second",
  60: "per minute",
  3600: "per hour",
  86400: "per day",
};

export const perWindow = (seconds: number) => NAMES[seconds] ?? `per ${seconds} seconds`;
