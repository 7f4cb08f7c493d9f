// The platform's types that src/env.ts names. Scripts read variables with it and hold no bindings.
interface SendEmail {
  send(message: unknown): Promise<unknown>;
}

interface AnalyticsEngineDataset {
  writeDataPoint(point?: unknown): void;
}
