/** How the gateway's own code opens a WebSocket to the object of a server: the header of the upgrade request contains the purpose. */
export const SOCKET_HEADER = "x-gateway-socket";
export const CONNECTOR_OBJECT_URL = "https://connector.gateway/";

/** The statuses with which the object rejects a session. */
export const NO_CONNECTOR_STATUS = 404;
export const BUSY_STATUS = 429;
