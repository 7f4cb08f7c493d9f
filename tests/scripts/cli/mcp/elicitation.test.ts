import { describe, expect, it } from "vitest";
import { answerElicitation } from "../../../../scripts/cli/mcp/elicitation.ts";

const form = {
  message: "Who?\u001b[31m",
  requestedSchema: {
    properties: {
      name: { type: "string", title: "Name" },
      age: { type: "integer" },
      ok: { type: "boolean", default: true },
      color: { type: "string", enum: ["red", "blue"] },
    },
    required: ["name"],
  },
};

/** Answers in order, and keeps the questions. */
function reply(...answers: string[]) {
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return answers.shift() ?? "";
  };
  return { ask, questions };
}

describe("answerElicitation", () => {
  it("fills a form field by field, with types and defaults, and leaves out what is left empty", async () => {
    const { ask, questions } = reply("Ada", "36", "", "");
    expect(await answerElicitation(form, ask)).toEqual({
      action: "accept",
      content: { name: "Ada", age: 36, ok: true },
    });
    expect(questions[0]).toContain("Name (string): ");
    expect(questions[3]).toContain("color (red, blue, optional): ");
  });

  it("prints no control characters of the server", async () => {
    const { ask, questions } = reply("Ada");
    await answerElicitation(form, ask);
    expect(questions.join("")).not.toContain("\u001b");
  });

  it("declines where a required field is left empty", async () => {
    expect(await answerElicitation(form, reply("").ask)).toEqual({ action: "decline" });
  });

  it("names the page to open, and accepts or declines", async () => {
    const page = { message: "Sign in", url: "https://example.com/connect" };
    const { ask, questions } = reply("");
    expect(await answerElicitation(page, ask)).toEqual({ action: "accept" });
    expect(questions[0]).toContain("https://example.com/connect");
    expect(await answerElicitation(page, reply("no").ask)).toEqual({ action: "decline" });
  });
});
