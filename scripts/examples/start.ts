// Three small MCP servers on one port of this machine: what a developer's demo tenant offers, in both protocol eras.
import { buildCalculator } from "./calculator.ts";
import { buildClock } from "./clock.ts";
import { createDualEraEndpoint } from "./hosting/dual-era.ts";
import { listen } from "./hosting/node.ts";
import { buildNotes, createNotebook } from "./notes.ts";

export interface ExampleServer {
  name: string;
  title: string;
  description: string;
  url: string;
  transport: "streamable-http";
}

export interface Examples {
  servers: ExampleServer[];
  close: () => Promise<void>;
}

export async function startExamples({ port = 0 }: { port?: number } = {}): Promise<Examples> {
  const notebook = createNotebook();
  const notes = createDualEraEndpoint({ build: () => buildNotes(notebook) });
  notebook.announce = notes.notify;

  const examples = [
    {
      name: "calculator",
      title: "Calculator",
      description: "Adds, multiplies and divides.",
      endpoint: createDualEraEndpoint({ build: () => buildCalculator() }),
    },
    {
      name: "notes",
      title: "Notes",
      description: "Keeps short notes to read and to watch.",
      endpoint: notes,
    },
    {
      name: "clock",
      title: "Clock",
      description: "Returns the time, counts down, and requests the user's time zone.",
      endpoint: createDualEraEndpoint({ build: () => buildClock() }),
    },
  ];

  const path = (name: string) => `/${name}/mcp`;
  const routes = new Map(examples.map(({ name, endpoint }) => [path(name), endpoint.fetch]));
  const server = await listen(routes, port);
  return {
    servers: examples.map(({ name, title, description }) => ({
      name,
      title,
      description,
      url: `${server.origin}${path(name)}`,
      transport: "streamable-http",
    })),
    async close() {
      await Promise.all(examples.map(({ endpoint }) => endpoint.close()));
      await server.close();
    },
  };
}
