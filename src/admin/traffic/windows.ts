/** How long limits hold for, as one says it: "20 a minute", "20 in 90 seconds". */
const NAMES: Readonly<Record<number, string>> = {
  1: "a second",
  60: "a minute",
  3600: "an hour",
  86400: "a day",
};

export const perWindow = (seconds: number) => NAMES[seconds] ?? `in ${seconds} seconds`;
