/** What calls cost: an integer per tool call, of any unit that the organization chooses. Other methods cost nothing. */

export interface CostTerms {
  /** Of each call of the server's tools that has no cost of its own. */
  readonly cost: number;
  readonly tools: ReadonlyMap<string, { readonly cost?: number | undefined }>;
  /** As the tools' definitions declare it. */
  readonly declaredCosts: ReadonlyMap<string, number>;
}

/** What an admin has set for a tool comes before what the tool declares. */
export function callCost({ cost, tools, declaredCosts }: CostTerms, tool: string): number {
  return tools.get(tool)?.cost ?? declaredCosts.get(tool) ?? cost;
}
