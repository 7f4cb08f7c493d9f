/** Files that are bundled as text, by the rule in wrangler.toml, and served as they are. */
declare module "*.min.js" {
  const text: string;
  export default text;
}
declare module "*.client.js" {
  const text: string;
  export default text;
}
