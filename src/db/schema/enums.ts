/** Postgres enums, made from the vocabulary that the decisions in core use. */
import { pgEnum } from "drizzle-orm/pg-core";
import * as words from "../../core/enums.ts";

export const role = pgEnum("role", words.ROLES);
export const healthStatus = pgEnum("health_status", words.HEALTH_STATUSES);
export const transportType = pgEnum("transport_type", words.TRANSPORTS);
export const apiKeyScope = pgEnum("api_key_scope", words.API_KEY_SCOPES);
export const tenantStatus = pgEnum("tenant_status", words.TENANT_STATUSES);
export const invitationStatus = pgEnum("invitation_status", words.INVITATION_STATUSES);
export const breakerState = pgEnum("breaker_state", words.BREAKER_STATES);
export const balancingStrategy = pgEnum("load_balancing_strategy", words.BALANCING_STRATEGIES);
export const accessSubject = pgEnum("access_subject", words.ACCESS_SUBJECTS);
export const accessObject = pgEnum("access_object", words.ACCESS_OBJECTS);
export const accessEffect = pgEnum("access_effect", words.ACCESS_EFFECTS);
export const ipRuleKind = pgEnum("ip_rule_kind", words.IP_RULE_KINDS);
export const limitSubject = pgEnum("limit_subject", words.LIMIT_SUBJECTS);
export const poolKind = pgEnum("pool_kind", words.POOL_KINDS);
export const severity = pgEnum("severity", words.SEVERITIES);
export const alertComparison = pgEnum("alert_comparison", words.ALERT_COMPARISONS);
export const alertStatus = pgEnum("alert_status", words.ALERT_STATUSES);
export const refreshStrategy = pgEnum("refresh_strategy", words.REFRESH_STRATEGIES);
export const entryStatus = pgEnum("entry_status", words.ENTRY_STATUSES);
export const bindingSubject = pgEnum("binding_subject", words.BINDING_SUBJECTS);
export const groupSource = pgEnum("group_source", words.GROUP_SOURCES);
export const groupRole = pgEnum("group_role", words.GROUP_ROLES);
export const toolState = pgEnum("tool_state", words.TOOL_STATES);
