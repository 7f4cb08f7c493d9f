/** How tables hang together, for Drizzle's relational queries. */
import { relations } from "drizzle-orm";
import { apiKeys, legacyApiKeys, serverAccessControls } from "./access.ts";
import { account, session, twoFactor, user } from "./identity.ts";
import {
  oauthAccessToken,
  oauthClient,
  oauthClientResource,
  oauthConsent,
  oauthRefreshToken,
  oauthResource,
} from "./oauth.ts";
import {
  alertEvents,
  announcementAcknowledgements,
  maintenanceWindows,
  performanceAlerts,
  systemAnnouncements,
  systemConfigHistory,
  systemConfigs,
} from "./operations.ts";
import { mcpServers, serverPrompts, serverResources, serverTools } from "./registry.ts";
import { tenantInvitations, tenantMembers } from "./tenancy.ts";
import { tenants } from "./tenants.ts";
import { circuitBreakers, circuitBreakerTransitions, requestQueues, routingRules } from "./traffic.ts";

export const tenantRelations = relations(tenants, ({ many }) => ({
  members: many(tenantMembers),
  invitations: many(tenantInvitations),
  servers: many(mcpServers),
  apiKeys: many(apiKeys),
  routingRules: many(routingRules),
}));

export const tenantMemberRelations = relations(tenantMembers, ({ one }) => ({
  tenant: one(tenants, { fields: [tenantMembers.tenantId], references: [tenants.id] }),
  user: one(user, { fields: [tenantMembers.userId], references: [user.id] }),
}));

export const tenantInvitationRelations = relations(tenantInvitations, ({ one }) => ({
  tenant: one(tenants, { fields: [tenantInvitations.tenantId], references: [tenants.id] }),
  inviter: one(user, { fields: [tenantInvitations.inviterId], references: [user.id] }),
}));

export const userRelations = relations(user, ({ one, many }) => ({
  tenant: one(tenants, { fields: [user.tenantId], references: [tenants.id] }),
  memberships: many(tenantMembers),
  sessions: many(session, { relationName: "session_user" }),
  accounts: many(account),
  twoFactors: many(twoFactor),
  apiKeys: many(apiKeys, { relationName: "api_key_owner" }),
}));

export const sessionRelations = relations(session, ({ one }) => ({
  user: one(user, { fields: [session.userId], references: [user.id], relationName: "session_user" }),
  activeTenant: one(tenants, { fields: [session.activeTenantId], references: [tenants.id] }),
}));

export const accountRelations = relations(account, ({ one }) => ({
  user: one(user, { fields: [account.userId], references: [user.id] }),
}));

export const twoFactorRelations = relations(twoFactor, ({ one }) => ({
  user: one(user, { fields: [twoFactor.userId], references: [user.id] }),
}));

export const oauthClientRelations = relations(oauthClient, ({ one, many }) => ({
  owner: one(user, { fields: [oauthClient.userId], references: [user.id] }),
  resources: many(oauthClientResource),
  consents: many(oauthConsent),
  refreshTokens: many(oauthRefreshToken),
  accessTokens: many(oauthAccessToken),
}));

export const oauthClientResourceRelations = relations(oauthClientResource, ({ one }) => ({
  client: one(oauthClient, { fields: [oauthClientResource.clientId], references: [oauthClient.clientId] }),
  resource: one(oauthResource, {
    fields: [oauthClientResource.resourceId],
    references: [oauthResource.identifier],
  }),
}));

export const oauthConsentRelations = relations(oauthConsent, ({ one }) => ({
  client: one(oauthClient, { fields: [oauthConsent.clientId], references: [oauthClient.clientId] }),
  user: one(user, { fields: [oauthConsent.userId], references: [user.id] }),
}));

export const oauthRefreshTokenRelations = relations(oauthRefreshToken, ({ one, many }) => ({
  client: one(oauthClient, { fields: [oauthRefreshToken.clientId], references: [oauthClient.clientId] }),
  user: one(user, { fields: [oauthRefreshToken.userId], references: [user.id] }),
  accessTokens: many(oauthAccessToken),
}));

export const oauthAccessTokenRelations = relations(oauthAccessToken, ({ one }) => ({
  client: one(oauthClient, { fields: [oauthAccessToken.clientId], references: [oauthClient.clientId] }),
  user: one(user, { fields: [oauthAccessToken.userId], references: [user.id] }),
  refreshToken: one(oauthRefreshToken, {
    fields: [oauthAccessToken.refreshId],
    references: [oauthRefreshToken.id],
  }),
}));

export const mcpServerRelations = relations(mcpServers, ({ one, many }) => ({
  tenant: one(tenants, { fields: [mcpServers.tenantId], references: [tenants.id] }),
  tools: many(serverTools),
  resources: many(serverResources),
  prompts: many(serverPrompts),
  accessControls: many(serverAccessControls),
  maintenanceWindows: many(maintenanceWindows),
  breaker: one(circuitBreakers, { fields: [mcpServers.id], references: [circuitBreakers.serverId] }),
  queue: one(requestQueues, { fields: [mcpServers.id], references: [requestQueues.serverId] }),
  breakerTransitions: many(circuitBreakerTransitions),
}));

export const serverToolRelations = relations(serverTools, ({ one }) => ({
  server: one(mcpServers, { fields: [serverTools.serverId], references: [mcpServers.id] }),
}));

export const serverResourceRelations = relations(serverResources, ({ one }) => ({
  server: one(mcpServers, { fields: [serverResources.serverId], references: [mcpServers.id] }),
}));

export const serverPromptRelations = relations(serverPrompts, ({ one }) => ({
  server: one(mcpServers, { fields: [serverPrompts.serverId], references: [mcpServers.id] }),
}));

export const serverAccessControlRelations = relations(serverAccessControls, ({ one }) => ({
  server: one(mcpServers, { fields: [serverAccessControls.serverId], references: [mcpServers.id] }),
}));

export const circuitBreakerTransitionRelations = relations(circuitBreakerTransitions, ({ one }) => ({
  server: one(mcpServers, { fields: [circuitBreakerTransitions.serverId], references: [mcpServers.id] }),
}));

export const maintenanceWindowRelations = relations(maintenanceWindows, ({ one }) => ({
  server: one(mcpServers, { fields: [maintenanceWindows.serverId], references: [mcpServers.id] }),
}));

export const apiKeyRelations = relations(apiKeys, ({ one }) => ({
  tenant: one(tenants, { fields: [apiKeys.tenantId], references: [tenants.id] }),
  owner: one(user, { fields: [apiKeys.userId], references: [user.id], relationName: "api_key_owner" }),
}));

export const legacyApiKeyRelations = relations(legacyApiKeys, ({ one }) => ({
  owner: one(user, { fields: [legacyApiKeys.userId], references: [user.id] }),
  upgradedTo: one(apiKeys, { fields: [legacyApiKeys.upgradedTo], references: [apiKeys.id] }),
}));

export const routingRuleRelations = relations(routingRules, ({ one }) => ({
  tenant: one(tenants, { fields: [routingRules.tenantId], references: [tenants.id] }),
}));

export const systemConfigRelations = relations(systemConfigs, ({ many }) => ({
  history: many(systemConfigHistory),
}));

export const systemConfigHistoryRelations = relations(systemConfigHistory, ({ one }) => ({
  config: one(systemConfigs, { fields: [systemConfigHistory.configId], references: [systemConfigs.id] }),
}));

export const systemAnnouncementRelations = relations(systemAnnouncements, ({ many }) => ({
  acknowledgements: many(announcementAcknowledgements),
}));

export const announcementAcknowledgementRelations = relations(announcementAcknowledgements, ({ one }) => ({
  announcement: one(systemAnnouncements, {
    fields: [announcementAcknowledgements.announcementId],
    references: [systemAnnouncements.id],
  }),
  user: one(user, { fields: [announcementAcknowledgements.userId], references: [user.id] }),
}));

export const performanceAlertRelations = relations(performanceAlerts, ({ many }) => ({
  events: many(alertEvents),
}));

export const alertEventRelations = relations(alertEvents, ({ one }) => ({
  alert: one(performanceAlerts, { fields: [alertEvents.alertId], references: [performanceAlerts.id] }),
}));
