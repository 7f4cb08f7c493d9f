// A server with memory: notes that are tools to write, resources to read and to watch, and a prompt about them. The
// notes are kept as long as the process runs.
import { McpServer, ResourceNotFoundError, ResourceTemplate } from "@modelcontextprotocol/server";
import * as z from "zod";
import { failure, text } from "./hosting/text.ts";

export interface Note {
  id: number;
  title: string;
  text: string;
}

export interface Notebook {
  notes: Map<number, Note>;
  /** Notifies subscribed clients; set by the host of the server. */
  announce: { resourcesChanged: () => void; resourceUpdated: (uri: string) => void };
}

const note = z.object({ id: z.int(), title: z.string(), text: z.string() });
const uriOf = ({ id }: Note) => `note://notebook/${id}`;

export function createNotebook(): Notebook {
  const welcome = { id: 1, title: "Welcome", text: "Notes that you create appear beside this one." };
  return {
    notes: new Map([[welcome.id, welcome]]),
    announce: { resourcesChanged: () => {}, resourceUpdated: () => {} },
  };
}

export function buildNotes(notebook: Notebook): McpServer {
  const mcp = new McpServer(
    { name: "notes", title: "Notes", version: "1.0.0" },
    {
      instructions: "Keeps short notes. Each note is also a resource that can be read and watched.",
      capabilities: {
        tools: {},
        prompts: {},
        resources: { subscribe: true, listChanged: true },
        completions: {},
      },
    },
  );
  registerTools(mcp, notebook);
  registerResources(mcp, notebook);
  registerPrompt(mcp, notebook);
  return mcp;
}

function registerTools(mcp: McpServer, { notes, announce }: Notebook): void {
  mcp.registerTool(
    "create_note",
    {
      title: "Create a note",
      description: "Writes a new note and returns it with its id.",
      inputSchema: z.object({
        title: z.string().min(1).max(200).describe("A few words"),
        text: z.string().max(10_000).describe("The note itself"),
      }),
      outputSchema: note,
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: false,
        openWorldHint: false,
      },
    },
    (content) => {
      const created = { id: Math.max(0, ...notes.keys()) + 1, ...content };
      notes.set(created.id, created);
      announce.resourcesChanged();
      return result(created);
    },
  );

  mcp.registerTool(
    "update_note",
    {
      title: "Change a note",
      description: "Replaces the text of a note.",
      inputSchema: z.object({ id: z.int(), text: z.string().max(10_000) }),
      outputSchema: note,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ id, text }) => {
      const found = notes.get(id);
      if (found === undefined) return failure(`There is no note ${id}.`);
      const updated = { ...found, text };
      notes.set(id, updated);
      announce.resourceUpdated(uriOf(updated));
      return result(updated);
    },
  );

  mcp.registerTool(
    "list_notes",
    {
      title: "List notes",
      description: "Lists all notes by id and title.",
      outputSchema: z.object({ notes: z.array(note.pick({ id: true, title: true })) }),
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    () => {
      const listed = [...notes.values()].map(({ id, title }) => ({ id, title }));
      return {
        ...text(listed.map(({ id, title }) => `${id}: ${title}`).join("\n")),
        structuredContent: { notes: listed },
      };
    },
  );

  mcp.registerTool(
    "read_note",
    {
      title: "Read a note",
      description: "Returns one note with its text.",
      inputSchema: z.object({ id: z.int() }),
      outputSchema: note,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ id }) => {
      const found = notes.get(id);
      return found === undefined ? failure(`There is no note ${id}.`) : result(found);
    },
  );
}

function registerResources(mcp: McpServer, { notes }: Notebook): void {
  const ids = () => [...notes.keys()].map(String);
  mcp.registerResource(
    "note",
    new ResourceTemplate("note://notebook/{id}", {
      list: () => ({
        resources: [...notes.values()].map((found) => ({
          uri: uriOf(found),
          name: `note-${found.id}`,
          title: found.title,
          mimeType: "text/plain",
        })),
      }),
      complete: { id: (value) => ids().filter((id) => id.startsWith(value)) },
    }),
    { title: "Note", description: "One note of the notebook.", mimeType: "text/plain" },
    (uri, { id }) => {
      const found = notes.get(Number(id));
      if (found === undefined) throw new ResourceNotFoundError(uri.href);
      return { contents: [{ uri: uri.href, mimeType: "text/plain", text: found.text }] };
    },
  );
}

function registerPrompt(mcp: McpServer, { notes }: Notebook): void {
  mcp.registerPrompt(
    "summarize_notes",
    {
      title: "Summarize the notes",
      description: "Requests a summary of all notes, optionally for a given audience.",
      argsSchema: z.object({ audience: z.string().optional().describe("Who will read the summary") }),
    },
    ({ audience }) => {
      const all = [...notes.values()].map((found) => `# ${found.title}\n${found.text}`).join("\n\n");
      const reader = audience === undefined ? "" : ` for ${audience}`;
      const request = `Summarize these notes${reader} in three sentences at most.\n\n${all}`;
      return { messages: [{ role: "user", content: { type: "text", text: request } }] };
    },
  );
}

function result(found: Note) {
  return { ...text(`${found.id}: ${found.title}\n${found.text}`), structuredContent: { ...found } };
}
