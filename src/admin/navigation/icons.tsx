/** The icons of the navigation, as inline SVG in the color of the text: no request, no style, allowed by the CSP. */

const ICONS = {
  overview: "M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z",
  connect: "M6 2v3M10 2v3M4 5h8v3a4 4 0 0 1-8 0zM8 12v3",
  keys: "M9 7a3 3 0 1 0-1 1l5 5h1.5v-2H13V9.5h-1.5z",
  tools: "M14 4a3.5 3.5 0 0 1-4.5 4L4 13.5 2.5 12 8 6.5A3.5 3.5 0 0 1 12 2L10 4l2 2z",
  servers: "M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01",
  registry: "M3 2h9a1 1 0 0 1 1 1v11H4a1 1 0 0 1-1-1zM3 12a1 1 0 0 1 1-1h9M6 5h4",
  members:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 14a4.5 4.5 0 0 1 9 0M11 8a2.5 2.5 0 0 0 0-5M12 10a4.5 4.5 0 0 1 2.5 4",
  access: "M8 1.5 13.5 4v4c0 3-2.5 5.5-5.5 6.5C5 13.5 2.5 11 2.5 8V4zM5.5 8l2 2 3-4",
  applications: "M2 4h12v9H2zM2 7h12M4 5.5h.01M6 5.5h.01",
  analytics: "M2 14h12M4 11V7M8 11V3M12 11V5",
  logs: "M3 2h10v12H3zM5.5 5h5M5.5 8h5M5.5 11h3",
  alerts: "M8 2a4 4 0 0 0-4 4v3l-1.5 3h11L12 9V6a4 4 0 0 0-4-4zM6.5 14h3",
  limits: "M2.5 12.5a6 6 0 1 1 11 0M8 10l3-4",
  routing: "M3 13V9a3 3 0 0 1 3-3h7M10 3l3 3-3 3M3 3v3",
  organization: "M3 14V3h7v11M10 7h3v7M1.5 14h13M5.5 6h2M5.5 9h2",
  system:
    "M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.5 3.5l1.4 1.4M11.1 11.1l1.4 1.4M3.5 12.5l1.4-1.4M11.1 4.900l1.4-1.4",
} as const;

export type IconName = keyof typeof ICONS;

/** Decoration beside a label with the same meaning. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={ICONS[name]} />
    </svg>
  );
}
