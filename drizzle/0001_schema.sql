CREATE TYPE "public"."access_effect" AS ENUM('allow', 'deny');--> statement-breakpoint
CREATE TYPE "public"."access_object" AS ENUM('server', 'tool', 'resource', 'prompt');--> statement-breakpoint
CREATE TYPE "public"."access_subject" AS ENUM('user', 'role', 'key');--> statement-breakpoint
CREATE TYPE "public"."alert_comparison" AS ENUM('gt', 'gte', 'lt', 'lte');--> statement-breakpoint
CREATE TYPE "public"."alert_status" AS ENUM('open', 'acknowledged', 'resolved');--> statement-breakpoint
CREATE TYPE "public"."api_key_scope" AS ENUM('read', 'write', 'admin', 'proxy', 'metrics', 'health');--> statement-breakpoint
CREATE TYPE "public"."load_balancing_strategy" AS ENUM('round_robin', 'weighted', 'least_connections', 'least_latency', 'random', 'consistent_hash', 'priority-failover');--> statement-breakpoint
CREATE TYPE "public"."breaker_state" AS ENUM('closed', 'open', 'half_open');--> statement-breakpoint
CREATE TYPE "public"."health_status" AS ENUM('healthy', 'unhealthy', 'degraded', 'unknown', 'maintenance');--> statement-breakpoint
CREATE TYPE "public"."invitation_status" AS ENUM('pending', 'accepted', 'rejected', 'canceled', 'expired');--> statement-breakpoint
CREATE TYPE "public"."ip_rule_kind" AS ENUM('allow', 'block');--> statement-breakpoint
CREATE TYPE "public"."limit_subject" AS ENUM('global', 'tenant', 'role', 'user', 'key', 'ip');--> statement-breakpoint
CREATE TYPE "public"."pool_kind" AS ENUM('database', 'upstream');--> statement-breakpoint
CREATE TYPE "public"."refresh_strategy" AS ENUM('manual', 'interval', 'concurrent', 'incremental');--> statement-breakpoint
CREATE TYPE "public"."role" AS ENUM('admin', 'user', 'service', 'readonly');--> statement-breakpoint
CREATE TYPE "public"."severity" AS ENUM('info', 'low', 'medium', 'high', 'critical');--> statement-breakpoint
CREATE TYPE "public"."tenant_status" AS ENUM('active', 'suspended', 'archived');--> statement-breakpoint
CREATE TYPE "public"."transport_type" AS ENUM('http', 'websocket', 'stdio', 'sse');--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"user_id" text,
	"name" text NOT NULL,
	"description" text,
	"key_hash" text NOT NULL,
	"key_prefix" text NOT NULL,
	"salt" text NOT NULL,
	"scopes" "api_key_scope"[] DEFAULT '{read,proxy}'::api_key_scope[] NOT NULL,
	"rate_limit_per_hour" integer DEFAULT 1000 NOT NULL,
	"rate_limit_per_day" integer DEFAULT 10000 NOT NULL,
	"ip_allowlist" "cidr"[] DEFAULT '{}'::cidr[] NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used" timestamp with time zone,
	"total_requests" bigint DEFAULT 0 NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"rotated_from" uuid,
	"revoked_at" timestamp with time zone,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_key_hash_unique" UNIQUE("key_hash"),
	CONSTRAINT "api_keys_name_length" CHECK (char_length("api_keys"."name") between 1 and 200),
	CONSTRAINT "api_keys_hash_form" CHECK ("api_keys"."key_hash" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "api_keys_prefix_length" CHECK (char_length("api_keys"."key_prefix") between 4 and 64),
	CONSTRAINT "api_keys_salt_length" CHECK (char_length("api_keys"."salt") between 16 and 128),
	CONSTRAINT "api_keys_rate_limit_per_hour_positive" CHECK ("api_keys"."rate_limit_per_hour" >= 1),
	CONSTRAINT "api_keys_rate_limit_per_day_positive" CHECK ("api_keys"."rate_limit_per_day" >= 1)
);
--> statement-breakpoint
ALTER TABLE "api_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "ip_rules" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"kind" "ip_rule_kind" NOT NULL,
	"cidr" "cidr" NOT NULL,
	"reason" text,
	"is_automatic" boolean DEFAULT false NOT NULL,
	"violations" integer DEFAULT 0 NOT NULL,
	"expires_at" timestamp with time zone,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ip_rules_violations_positive" CHECK ("ip_rules"."violations" >= 0)
);
--> statement-breakpoint
ALTER TABLE "ip_rules" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "legacy_api_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"user_id" text,
	"name" text NOT NULL,
	"key_hash" text NOT NULL,
	"key_prefix" text,
	"scopes" "api_key_scope"[] DEFAULT '{read,proxy}'::api_key_scope[] NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used" timestamp with time zone,
	"total_requests" bigint DEFAULT 0 NOT NULL,
	"upgraded_to" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "legacy_api_keys_key_hash_unique" UNIQUE("key_hash"),
	CONSTRAINT "legacy_api_keys_name_length" CHECK (char_length("legacy_api_keys"."name") between 1 and 200),
	CONSTRAINT "legacy_api_keys_hash_form" CHECK ("legacy_api_keys"."key_hash" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
ALTER TABLE "legacy_api_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "server_access_controls" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"subject_type" "access_subject" NOT NULL,
	"subject_id" text NOT NULL,
	"object_type" "access_object" NOT NULL,
	"server_id" uuid,
	"object_pattern" text DEFAULT '*' NOT NULL,
	"effect" "access_effect" NOT NULL,
	"valid_from" timestamp with time zone,
	"valid_until" timestamp with time zone,
	"days_of_week" smallint[],
	"start_time" time,
	"end_time" time,
	"reason" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "server_access_controls_pattern_length" CHECK (char_length("server_access_controls"."object_pattern") between 1 and 500),
	CONSTRAINT "server_access_controls_validity" CHECK ("server_access_controls"."valid_from" < "server_access_controls"."valid_until"),
	CONSTRAINT "server_access_controls_days" CHECK ("server_access_controls"."days_of_week" <@ '{1,2,3,4,5,6,7}'::smallint[]),
	CONSTRAINT "server_access_controls_hours" CHECK (("server_access_controls"."start_time" is null) = ("server_access_controls"."end_time" is null))
);
--> statement-breakpoint
ALTER TABLE "server_access_controls" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "account" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"password" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "account_provider_account" UNIQUE("provider_id","account_id")
);
--> statement-breakpoint
ALTER TABLE "account" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "session" (
	"id" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"user_id" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"impersonated_by" text,
	"tenant_id" uuid,
	"is_active" boolean DEFAULT true NOT NULL,
	"last_activity" timestamp with time zone DEFAULT now() NOT NULL,
	"data" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "session_token_unique" UNIQUE("token")
);
--> statement-breakpoint
ALTER TABLE "session" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "two_factor" (
	"id" text PRIMARY KEY NOT NULL,
	"secret" text NOT NULL,
	"backup_codes" text NOT NULL,
	"user_id" text NOT NULL,
	"verified" boolean DEFAULT true NOT NULL,
	"failed_verification_count" integer DEFAULT 0 NOT NULL,
	"locked_until" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "two_factor" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "user" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"username" text,
	"display_username" text,
	"role" "role" DEFAULT 'user' NOT NULL,
	"tenant_id" uuid,
	"auth_provider" text,
	"auth_provider_id" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"metadata" jsonb,
	"banned" boolean DEFAULT false NOT NULL,
	"ban_reason" text,
	"ban_expires" timestamp with time zone,
	"two_factor_enabled" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_email_unique" UNIQUE("email"),
	CONSTRAINT "user_username_unique" UNIQUE("username"),
	CONSTRAINT "user_email_form" CHECK ("user"."email" ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length("user"."email") <= 320),
	CONSTRAINT "user_email_lower" CHECK ("user"."email" = lower("user"."email")),
	CONSTRAINT "user_username_form" CHECK ("user"."username" ~ '^[a-z0-9_.-]{3,64}$')
);
--> statement-breakpoint
ALTER TABLE "user" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "verification" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "verification" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audit_logs" (
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	"tenant_id" uuid,
	"user_id" text,
	"api_key_id" uuid,
	"session_id" text,
	"impersonator_id" text,
	"action" text NOT NULL,
	"resource_type" text NOT NULL,
	"resource_id" text,
	"success" boolean NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"request_id" text,
	"before" jsonb,
	"after" jsonb,
	"details" jsonb,
	"error_message" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "audit_logs_pkey" PRIMARY KEY("id","timestamp"),
	CONSTRAINT "audit_logs_action_length" CHECK (char_length("audit_logs"."action") between 1 and 200),
	CONSTRAINT "audit_logs_resource_type_length" CHECK (char_length("audit_logs"."resource_type") between 1 and 100)
) PARTITION BY RANGE ("timestamp");
--> statement-breakpoint
ALTER TABLE "audit_logs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "error_logs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	"tenant_id" uuid,
	"code" text NOT NULL,
	"message" text NOT NULL,
	"source" text NOT NULL,
	"severity" "severity" DEFAULT 'medium' NOT NULL,
	"server_id" uuid,
	"request_id" text,
	"fingerprint" text,
	"details" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "error_logs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "mcp_audit_logs" (
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	"tenant_id" uuid,
	"user_id" text,
	"api_key_id" uuid,
	"roles" text[] DEFAULT '{}'::text[] NOT NULL,
	"method" text NOT NULL,
	"target" text,
	"server_id" uuid,
	"params" jsonb,
	"duration_ms" double precision,
	"success" boolean NOT NULL,
	"error_code" integer,
	"error_message" text,
	"request_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "mcp_audit_logs_pkey" PRIMARY KEY("id","timestamp"),
	CONSTRAINT "mcp_audit_logs_method_length" CHECK (char_length("mcp_audit_logs"."method") between 1 and 200)
) PARTITION BY RANGE ("timestamp");
--> statement-breakpoint
ALTER TABLE "mcp_audit_logs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "request_logs" (
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"request_time" timestamp with time zone DEFAULT now() NOT NULL,
	"tenant_id" uuid,
	"user_id" text,
	"api_key_id" uuid,
	"request_id" text,
	"trace_id" text,
	"client_name" text,
	"method" text NOT NULL,
	"path" text NOT NULL,
	"mcp_method" text,
	"tool_name" text,
	"target_server_id" uuid,
	"status_code" smallint NOT NULL,
	"duration_ms" double precision NOT NULL,
	"upstream_ms" double precision,
	"request_bytes" integer,
	"response_bytes" integer,
	"ip_address" text,
	"user_agent" text,
	"country" text,
	"error_code" text,
	"metadata" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "request_logs_pkey" PRIMARY KEY("id","request_time"),
	CONSTRAINT "request_logs_status_code_range" CHECK ("request_logs"."status_code" between 100 and 599),
	CONSTRAINT "request_logs_duration_range" CHECK ("request_logs"."duration_ms" between 0 and 86400000)
) PARTITION BY RANGE ("request_time");
--> statement-breakpoint
ALTER TABLE "request_logs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "security_events" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	"tenant_id" uuid,
	"event_type" text NOT NULL,
	"severity" "severity" NOT NULL,
	"user_id" text,
	"api_key_id" uuid,
	"server_id" uuid,
	"ip_address" text,
	"request_id" text,
	"description" text NOT NULL,
	"details" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "security_events_type_length" CHECK (char_length("security_events"."event_type") between 1 and 100)
);
--> statement-breakpoint
ALTER TABLE "security_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "system_events" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	"tenant_id" uuid,
	"event_type" text NOT NULL,
	"source" text NOT NULL,
	"severity" "severity" DEFAULT 'info' NOT NULL,
	"server_id" uuid,
	"message" text NOT NULL,
	"details" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "system_events_type_length" CHECK (char_length("system_events"."event_type") between 1 and 100)
);
--> statement-breakpoint
ALTER TABLE "system_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "jwks" (
	"id" text PRIMARY KEY NOT NULL,
	"public_key" text NOT NULL,
	"private_key" text NOT NULL,
	"alg" text,
	"crv" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "jwks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "oauth_access_token" (
	"id" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"client_id" text NOT NULL,
	"session_id" text,
	"user_id" text,
	"reference_id" text,
	"authorization_code_id" text,
	"resources" text[],
	"requested_user_info_claims" text[],
	"refresh_id" text,
	"scopes" text[] NOT NULL,
	"confirmation" jsonb,
	"revoked" timestamp with time zone,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "oauth_access_token_token_unique" UNIQUE("token")
);
--> statement-breakpoint
ALTER TABLE "oauth_access_token" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "oauth_client" (
	"id" text PRIMARY KEY NOT NULL,
	"client_id" text NOT NULL,
	"client_secret" text,
	"client_discovery_id" text,
	"disabled" boolean DEFAULT false NOT NULL,
	"skip_consent" boolean,
	"enable_end_session" boolean,
	"subject_type" text,
	"scopes" text[],
	"client_credentials_scopes" text[],
	"user_id" text,
	"name" text,
	"uri" text,
	"icon" text,
	"contacts" text[],
	"tos" text,
	"policy" text,
	"software_id" text,
	"software_version" text,
	"software_statement" text,
	"redirect_uris" text[] NOT NULL,
	"post_logout_redirect_uris" text[],
	"backchannel_logout_uri" text,
	"backchannel_logout_session_required" boolean,
	"token_endpoint_auth_method" text,
	"application_type" text,
	"jwks" text,
	"jwks_uri" text,
	"grant_types" text[],
	"response_types" text[],
	"require_pkce" boolean,
	"dpop_bound_access_tokens" boolean DEFAULT false NOT NULL,
	"reference_id" text,
	"metadata" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "oauth_client_client_id_unique" UNIQUE("client_id")
);
--> statement-breakpoint
ALTER TABLE "oauth_client" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "oauth_client_assertion" (
	"id" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "oauth_client_assertion" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "oauth_client_resource" (
	"id" text PRIMARY KEY NOT NULL,
	"client_id" text NOT NULL,
	"resource_id" text NOT NULL,
	"metadata" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "oauth_client_resource_pair" UNIQUE("client_id","resource_id")
);
--> statement-breakpoint
ALTER TABLE "oauth_client_resource" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "oauth_consent" (
	"id" text PRIMARY KEY NOT NULL,
	"client_id" text NOT NULL,
	"user_id" text,
	"reference_id" text,
	"resources" text[],
	"requested_user_info_claims" text[],
	"scopes" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "oauth_consent" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "oauth_refresh_token" (
	"id" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"client_id" text NOT NULL,
	"session_id" text,
	"user_id" text NOT NULL,
	"reference_id" text,
	"authorization_code_id" text,
	"resources" text[],
	"requested_user_info_claims" text[],
	"scopes" text[] NOT NULL,
	"confirmation" jsonb,
	"auth_time" timestamp with time zone,
	"revoked" timestamp with time zone,
	"rotated_at" timestamp with time zone,
	"rotation_replay_response" text,
	"rotation_replay_expires_at" timestamp with time zone,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "oauth_refresh_token_token_unique" UNIQUE("token")
);
--> statement-breakpoint
ALTER TABLE "oauth_refresh_token" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "oauth_resource" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"name" text NOT NULL,
	"access_token_ttl" integer,
	"refresh_token_ttl" integer,
	"signing_algorithm" text,
	"signing_key_id" text,
	"allowed_scopes" text[],
	"custom_claims" jsonb,
	"dpop_bound_access_tokens_required" boolean DEFAULT false NOT NULL,
	"disabled" boolean DEFAULT false NOT NULL,
	"policy_version" integer DEFAULT 1 NOT NULL,
	"metadata" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "oauth_resource_identifier_unique" UNIQUE("identifier")
);
--> statement-breakpoint
ALTER TABLE "oauth_resource" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "alert_events" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"alert_id" uuid NOT NULL,
	"status" "alert_status" DEFAULT 'open' NOT NULL,
	"severity" "severity" NOT NULL,
	"dedup_key" text NOT NULL,
	"value" double precision,
	"message" text NOT NULL,
	"details" jsonb,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"acknowledged_at" timestamp with time zone,
	"acknowledged_by" text,
	"resolved_at" timestamp with time zone,
	"last_notified_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "alert_events_resolved" CHECK (("alert_events"."status" = 'resolved') = ("alert_events"."resolved_at" is not null))
);
--> statement-breakpoint
ALTER TABLE "alert_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "announcement_acknowledgements" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"announcement_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"acknowledged_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "announcement_acknowledgements_once" UNIQUE("announcement_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "announcement_acknowledgements" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "data_retention_policies" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"table_name" text NOT NULL,
	"retention_days" integer NOT NULL,
	"legal_hold" boolean DEFAULT false NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"last_run_at" timestamp with time zone,
	"last_deleted_rows" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "data_retention_policies_tenant_table" UNIQUE NULLS NOT DISTINCT("tenant_id","table_name"),
	CONSTRAINT "data_retention_policies_days_range" CHECK ("data_retention_policies"."retention_days" between 1 and 36500)
);
--> statement-breakpoint
ALTER TABLE "data_retention_policies" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "feature_flags" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"key" text NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"is_enabled" boolean DEFAULT false NOT NULL,
	"rules" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"percentage" double precision DEFAULT 100 NOT NULL,
	"user_ids" text[] DEFAULT '{}'::text[] NOT NULL,
	"updated_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "feature_flags_tenant_key" UNIQUE NULLS NOT DISTINCT("tenant_id","key"),
	CONSTRAINT "feature_flags_key_form" CHECK ("feature_flags"."key" ~ '^[a-z][a-z0-9_.-]{0,199}$'),
	CONSTRAINT "feature_flags_percentage_range" CHECK ("feature_flags"."percentage" between 0 and 100)
);
--> statement-breakpoint
ALTER TABLE "feature_flags" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "maintenance_windows" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"server_id" uuid,
	"title" text NOT NULL,
	"description" text,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"recurrence" text,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "maintenance_windows_title_length" CHECK (char_length("maintenance_windows"."title") between 1 and 200),
	CONSTRAINT "maintenance_windows_order" CHECK ("maintenance_windows"."starts_at" < "maintenance_windows"."ends_at"),
	CONSTRAINT "maintenance_windows_server_has_tenant" CHECK ("maintenance_windows"."server_id" is null or "maintenance_windows"."tenant_id" is not null)
);
--> statement-breakpoint
ALTER TABLE "maintenance_windows" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "materialized_views" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"refresh_strategy" "refresh_strategy" DEFAULT 'interval' NOT NULL,
	"refresh_interval_seconds" integer,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"last_refreshed_at" timestamp with time zone,
	"last_duration_ms" double precision,
	"last_error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "materialized_views_name_unique" UNIQUE("name"),
	CONSTRAINT "materialized_views_name_form" CHECK ("materialized_views"."name" ~ '^[a-z_][a-z0-9_]{0,62}$'),
	CONSTRAINT "materialized_views_interval_positive" CHECK ("materialized_views"."refresh_interval_seconds" >= 1)
);
--> statement-breakpoint
ALTER TABLE "materialized_views" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "performance_alerts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"name" text NOT NULL,
	"description" text,
	"metric" text NOT NULL,
	"comparison" "alert_comparison" DEFAULT 'gt' NOT NULL,
	"threshold" double precision NOT NULL,
	"resolve_threshold" double precision,
	"window_seconds" integer DEFAULT 300 NOT NULL,
	"for_seconds" integer DEFAULT 0 NOT NULL,
	"severity" "severity" DEFAULT 'medium' NOT NULL,
	"server_id" uuid,
	"channels" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "performance_alerts_name_length" CHECK (char_length("performance_alerts"."name") between 1 and 200),
	CONSTRAINT "performance_alerts_window_range" CHECK ("performance_alerts"."window_seconds" between 1 and 604800),
	CONSTRAINT "performance_alerts_for_range" CHECK ("performance_alerts"."for_seconds" between 0 and 604800)
);
--> statement-breakpoint
ALTER TABLE "performance_alerts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "system_announcements" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"title" text NOT NULL,
	"body" text NOT NULL,
	"severity" "severity" DEFAULT 'info' NOT NULL,
	"audience" text[] DEFAULT '{}'::text[] NOT NULL,
	"starts_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ends_at" timestamp with time zone,
	"requires_acknowledgement" boolean DEFAULT false NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "system_announcements_title_length" CHECK (char_length("system_announcements"."title") between 1 and 200),
	CONSTRAINT "system_announcements_order" CHECK ("system_announcements"."starts_at" < "system_announcements"."ends_at")
);
--> statement-breakpoint
ALTER TABLE "system_announcements" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "system_config_history" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"config_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"value" jsonb NOT NULL,
	"changed_by" text,
	"reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "system_config_history_version" UNIQUE("config_id","version")
);
--> statement-breakpoint
ALTER TABLE "system_config_history" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "system_configs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"key" text NOT NULL,
	"value" jsonb NOT NULL,
	"category" text DEFAULT 'general' NOT NULL,
	"description" text,
	"version" integer DEFAULT 1 NOT NULL,
	"is_runtime" boolean DEFAULT true NOT NULL,
	"is_sensitive" boolean DEFAULT false NOT NULL,
	"updated_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "system_configs_tenant_key" UNIQUE NULLS NOT DISTINCT("tenant_id","key"),
	CONSTRAINT "system_configs_key_form" CHECK ("system_configs"."key" ~ '^[a-z][a-z0-9_.-]{0,199}$'),
	CONSTRAINT "system_configs_version_positive" CHECK ("system_configs"."version" >= 1)
);
--> statement-breakpoint
ALTER TABLE "system_configs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "mcp_servers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"name" text NOT NULL,
	"title" text,
	"description" text,
	"endpoint_url" text NOT NULL,
	"transport_type" "transport_type" DEFAULT 'http' NOT NULL,
	"health_status" "health_status" DEFAULT 'unknown' NOT NULL,
	"capabilities" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"tags" text[] DEFAULT '{}'::text[] NOT NULL,
	"version" text,
	"protocol_version" text,
	"instructions" text,
	"avg_response_time" double precision,
	"success_rate" double precision,
	"last_health_check" timestamp with time zone,
	"weight" integer DEFAULT 1 NOT NULL,
	"region" text,
	"max_concurrency" integer DEFAULT 100 NOT NULL,
	"auth_config" jsonb DEFAULT '{"type":"none"}'::jsonb NOT NULL,
	"settings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "mcp_servers_tenant_name" UNIQUE("tenant_id","name"),
	CONSTRAINT "mcp_servers_tenant_id" UNIQUE("tenant_id","id"),
	CONSTRAINT "mcp_servers_name_form" CHECK ("mcp_servers"."name" ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$'),
	CONSTRAINT "mcp_servers_endpoint_url_length" CHECK (char_length("mcp_servers"."endpoint_url") between 1 and 500),
	CONSTRAINT "mcp_servers_success_rate_range" CHECK ("mcp_servers"."success_rate" between 0 and 1),
	CONSTRAINT "mcp_servers_avg_response_time_positive" CHECK ("mcp_servers"."avg_response_time" >= 0),
	CONSTRAINT "mcp_servers_weight_range" CHECK ("mcp_servers"."weight" between 0 and 1000),
	CONSTRAINT "mcp_servers_max_concurrency_range" CHECK ("mcp_servers"."max_concurrency" between 1 and 100000)
);
--> statement-breakpoint
ALTER TABLE "mcp_servers" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "server_health_checks" (
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"checked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"status" "health_status" NOT NULL,
	"response_time_ms" double precision,
	"probe" text,
	"protocol_version" text,
	"error_code" text,
	"error_message" text,
	"details" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "server_health_checks_pkey" PRIMARY KEY("id","checked_at"),
	CONSTRAINT "server_health_checks_response_time_positive" CHECK ("server_health_checks"."response_time_ms" >= 0)
) PARTITION BY RANGE ("checked_at");
--> statement-breakpoint
ALTER TABLE "server_health_checks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "server_metrics" (
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	"response_time_ms" double precision,
	"p95_response_time_ms" double precision,
	"error_rate" double precision,
	"request_count" integer DEFAULT 0 NOT NULL,
	"error_count" integer DEFAULT 0 NOT NULL,
	"active_connections" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "server_metrics_pkey" PRIMARY KEY("id","timestamp"),
	CONSTRAINT "server_metrics_response_time_positive" CHECK ("server_metrics"."response_time_ms" >= 0),
	CONSTRAINT "server_metrics_error_rate_range" CHECK ("server_metrics"."error_rate" between 0 and 1)
) PARTITION BY RANGE ("timestamp");
--> statement-breakpoint
ALTER TABLE "server_metrics" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "server_prompts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"name" text NOT NULL,
	"title" text,
	"description" text,
	"arguments" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"icons" jsonb,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "server_prompts_server_name" UNIQUE("server_id","name"),
	CONSTRAINT "server_prompts_name_length" CHECK (char_length("server_prompts"."name") between 1 and 255)
);
--> statement-breakpoint
ALTER TABLE "server_prompts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "server_resources" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"uri_template" text NOT NULL,
	"is_template" boolean DEFAULT false NOT NULL,
	"name" text NOT NULL,
	"title" text,
	"description" text,
	"mime_type" text,
	"access_pattern" text,
	"size" bigint,
	"annotations" jsonb,
	"icons" jsonb,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "server_resources_server_uri" UNIQUE("server_id","uri_template"),
	CONSTRAINT "server_resources_uri_length" CHECK (char_length("server_resources"."uri_template") between 1 and 2000),
	CONSTRAINT "server_resources_name_length" CHECK (char_length("server_resources"."name") between 1 and 255)
);
--> statement-breakpoint
ALTER TABLE "server_resources" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "server_tools" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"name" text NOT NULL,
	"title" text,
	"description" text,
	"input_schema" jsonb DEFAULT '{"type":"object"}'::jsonb NOT NULL,
	"output_schema" jsonb,
	"annotations" jsonb,
	"icons" jsonb,
	"definition_hash" text,
	"total_calls" bigint DEFAULT 0 NOT NULL,
	"success_count" bigint DEFAULT 0 NOT NULL,
	"avg_execution_time" double precision,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "server_tools_server_name" UNIQUE("server_id","name"),
	CONSTRAINT "server_tools_name_length" CHECK (char_length("server_tools"."name") between 1 and 255),
	CONSTRAINT "server_tools_counts" CHECK ("server_tools"."success_count" between 0 and "server_tools"."total_calls"),
	CONSTRAINT "server_tools_avg_execution_time_positive" CHECK ("server_tools"."avg_execution_time" >= 0)
);
--> statement-breakpoint
ALTER TABLE "server_tools" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tenant_invitations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"email" text NOT NULL,
	"role" "role" DEFAULT 'user' NOT NULL,
	"token_hash" text NOT NULL,
	"status" "invitation_status" DEFAULT 'pending' NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"inviter_id" text,
	"accepted_at" timestamp with time zone,
	"sent_count" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tenant_invitations_email_form" CHECK ("tenant_invitations"."email" ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length("tenant_invitations"."email") <= 320)
);
--> statement-breakpoint
ALTER TABLE "tenant_invitations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tenant_members" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"role" "role" DEFAULT 'user' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tenant_members_tenant_user" UNIQUE("tenant_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "tenant_members" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tenants" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"logo" text,
	"status" "tenant_status" DEFAULT 'active' NOT NULL,
	"settings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"weight" integer DEFAULT 1 NOT NULL,
	"plan_limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"metadata" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tenants_slug_unique" UNIQUE("slug"),
	CONSTRAINT "tenants_name_length" CHECK (char_length("tenants"."name") between 1 and 200),
	CONSTRAINT "tenants_slug_form" CHECK ("tenants"."slug" ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
	CONSTRAINT "tenants_weight_range" CHECK ("tenants"."weight" between 1 and 1000)
);
--> statement-breakpoint
ALTER TABLE "tenants" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "circuit_breaker_transitions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"from_state" "breaker_state" NOT NULL,
	"to_state" "breaker_state" NOT NULL,
	"reason" text NOT NULL,
	"actor_id" text,
	"transitioned_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "circuit_breaker_transitions_changes" CHECK ("circuit_breaker_transitions"."from_state" <> "circuit_breaker_transitions"."to_state")
);
--> statement-breakpoint
ALTER TABLE "circuit_breaker_transitions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "circuit_breakers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"state" "breaker_state" DEFAULT 'closed' NOT NULL,
	"failure_count" integer DEFAULT 0 NOT NULL,
	"success_count" integer DEFAULT 0 NOT NULL,
	"slow_count" integer DEFAULT 0 NOT NULL,
	"consecutive_opens" integer DEFAULT 0 NOT NULL,
	"opened_at" timestamp with time zone,
	"next_attempt_at" timestamp with time zone,
	"last_transition_at" timestamp with time zone,
	"is_forced" boolean DEFAULT false NOT NULL,
	"thresholds" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "circuit_breakers_tenant_server" UNIQUE("tenant_id","server_id"),
	CONSTRAINT "circuit_breakers_failures_positive" CHECK ("circuit_breakers"."failure_count" >= 0),
	CONSTRAINT "circuit_breakers_successes_positive" CHECK ("circuit_breakers"."success_count" >= 0)
);
--> statement-breakpoint
ALTER TABLE "circuit_breakers" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "connection_pools" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"kind" "pool_kind" NOT NULL,
	"name" text NOT NULL,
	"server_id" uuid,
	"sampled_at" timestamp with time zone DEFAULT now() NOT NULL,
	"active_connections" integer DEFAULT 0 NOT NULL,
	"idle_connections" integer DEFAULT 0 NOT NULL,
	"waiting_requests" integer DEFAULT 0 NOT NULL,
	"max_connections" integer,
	"query_count" bigint DEFAULT 0 NOT NULL,
	"error_count" bigint DEFAULT 0 NOT NULL,
	"avg_query_ms" double precision,
	"p95_query_ms" double precision,
	"details" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "connection_pools_active_positive" CHECK ("connection_pools"."active_connections" >= 0)
);
--> statement-breakpoint
ALTER TABLE "connection_pools" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "rate_limit_configs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"subject_type" "limit_subject" NOT NULL,
	"subject_id" text,
	"limit_count" integer NOT NULL,
	"window_seconds" integer DEFAULT 60 NOT NULL,
	"burst_factor" double precision DEFAULT 1 NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rate_limit_configs_subject" UNIQUE NULLS NOT DISTINCT("tenant_id","subject_type","subject_id","window_seconds"),
	CONSTRAINT "rate_limit_configs_limit_positive" CHECK ("rate_limit_configs"."limit_count" >= 0),
	CONSTRAINT "rate_limit_configs_window_range" CHECK ("rate_limit_configs"."window_seconds" between 1 and 86400),
	CONSTRAINT "rate_limit_configs_burst_range" CHECK ("rate_limit_configs"."burst_factor" between 1 and 100)
);
--> statement-breakpoint
ALTER TABLE "rate_limit_configs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "request_queues" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"max_size" integer DEFAULT 100 NOT NULL,
	"max_wait_ms" integer DEFAULT 10000 NOT NULL,
	"depth" integer DEFAULT 0 NOT NULL,
	"oldest_wait_ms" integer DEFAULT 0 NOT NULL,
	"total_queued" bigint DEFAULT 0 NOT NULL,
	"total_rejected" bigint DEFAULT 0 NOT NULL,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "request_queues_tenant_server" UNIQUE("tenant_id","server_id"),
	CONSTRAINT "request_queues_max_size_range" CHECK ("request_queues"."max_size" between 0 and 100000),
	CONSTRAINT "request_queues_max_wait_range" CHECK ("request_queues"."max_wait_ms" between 0 and 600000),
	CONSTRAINT "request_queues_depth_positive" CHECK ("request_queues"."depth" >= 0)
);
--> statement-breakpoint
ALTER TABLE "request_queues" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "routing_rules" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"conditions" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"target_servers" uuid[] NOT NULL,
	"load_balancing_strategy" "load_balancing_strategy" DEFAULT 'round_robin' NOT NULL,
	"strategy_options" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"priority" integer DEFAULT 100 NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "routing_rules_tenant_name" UNIQUE("tenant_id","name"),
	CONSTRAINT "routing_rules_name_length" CHECK (char_length("routing_rules"."name") between 1 and 200),
	CONSTRAINT "routing_rules_has_targets" CHECK (cardinality("routing_rules"."target_servers") >= 1),
	CONSTRAINT "routing_rules_priority_range" CHECK ("routing_rules"."priority" between 0 and 1000000)
);
--> statement-breakpoint
ALTER TABLE "routing_rules" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_rotated_from_api_keys_id_fk" FOREIGN KEY ("rotated_from") REFERENCES "public"."api_keys"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ip_rules" ADD CONSTRAINT "ip_rules_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ip_rules" ADD CONSTRAINT "ip_rules_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "legacy_api_keys" ADD CONSTRAINT "legacy_api_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "legacy_api_keys" ADD CONSTRAINT "legacy_api_keys_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "legacy_api_keys" ADD CONSTRAINT "legacy_api_keys_upgraded_to_api_keys_id_fk" FOREIGN KEY ("upgraded_to") REFERENCES "public"."api_keys"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_access_controls" ADD CONSTRAINT "server_access_controls_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_access_controls" ADD CONSTRAINT "server_access_controls_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_access_controls" ADD CONSTRAINT "server_access_controls_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "account" ADD CONSTRAINT "account_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "session" ADD CONSTRAINT "session_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "session" ADD CONSTRAINT "session_impersonated_by_user_id_fk" FOREIGN KEY ("impersonated_by") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "session" ADD CONSTRAINT "session_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "two_factor" ADD CONSTRAINT "two_factor_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user" ADD CONSTRAINT "user_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_access_token" ADD CONSTRAINT "oauth_access_token_client_id_oauth_client_client_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."oauth_client"("client_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_access_token" ADD CONSTRAINT "oauth_access_token_session_id_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."session"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_access_token" ADD CONSTRAINT "oauth_access_token_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_access_token" ADD CONSTRAINT "oauth_access_token_refresh_id_oauth_refresh_token_id_fk" FOREIGN KEY ("refresh_id") REFERENCES "public"."oauth_refresh_token"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_client" ADD CONSTRAINT "oauth_client_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_client_resource" ADD CONSTRAINT "oauth_client_resource_client_id_oauth_client_client_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."oauth_client"("client_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_client_resource" ADD CONSTRAINT "oauth_client_resource_resource_id_oauth_resource_identifier_fk" FOREIGN KEY ("resource_id") REFERENCES "public"."oauth_resource"("identifier") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_consent" ADD CONSTRAINT "oauth_consent_client_id_oauth_client_client_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."oauth_client"("client_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_consent" ADD CONSTRAINT "oauth_consent_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_refresh_token" ADD CONSTRAINT "oauth_refresh_token_client_id_oauth_client_client_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."oauth_client"("client_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_refresh_token" ADD CONSTRAINT "oauth_refresh_token_session_id_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."session"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oauth_refresh_token" ADD CONSTRAINT "oauth_refresh_token_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_events" ADD CONSTRAINT "alert_events_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_events" ADD CONSTRAINT "alert_events_alert_id_performance_alerts_id_fk" FOREIGN KEY ("alert_id") REFERENCES "public"."performance_alerts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_events" ADD CONSTRAINT "alert_events_acknowledged_by_user_id_fk" FOREIGN KEY ("acknowledged_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "announcement_acknowledgements" ADD CONSTRAINT "announcement_acknowledgements_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "announcement_acknowledgements" ADD CONSTRAINT "announcement_acknowledgements_announcement_id_system_announcements_id_fk" FOREIGN KEY ("announcement_id") REFERENCES "public"."system_announcements"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "announcement_acknowledgements" ADD CONSTRAINT "announcement_acknowledgements_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "data_retention_policies" ADD CONSTRAINT "data_retention_policies_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "feature_flags" ADD CONSTRAINT "feature_flags_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "feature_flags" ADD CONSTRAINT "feature_flags_updated_by_user_id_fk" FOREIGN KEY ("updated_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "maintenance_windows" ADD CONSTRAINT "maintenance_windows_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "maintenance_windows" ADD CONSTRAINT "maintenance_windows_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "maintenance_windows" ADD CONSTRAINT "maintenance_windows_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "performance_alerts" ADD CONSTRAINT "performance_alerts_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "performance_alerts" ADD CONSTRAINT "performance_alerts_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "performance_alerts" ADD CONSTRAINT "performance_alerts_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "system_announcements" ADD CONSTRAINT "system_announcements_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "system_announcements" ADD CONSTRAINT "system_announcements_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "system_config_history" ADD CONSTRAINT "system_config_history_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "system_config_history" ADD CONSTRAINT "system_config_history_config_id_system_configs_id_fk" FOREIGN KEY ("config_id") REFERENCES "public"."system_configs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "system_config_history" ADD CONSTRAINT "system_config_history_changed_by_user_id_fk" FOREIGN KEY ("changed_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "system_configs" ADD CONSTRAINT "system_configs_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "system_configs" ADD CONSTRAINT "system_configs_updated_by_user_id_fk" FOREIGN KEY ("updated_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "mcp_servers" ADD CONSTRAINT "mcp_servers_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "mcp_servers" ADD CONSTRAINT "mcp_servers_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_prompts" ADD CONSTRAINT "server_prompts_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_prompts" ADD CONSTRAINT "server_prompts_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_resources" ADD CONSTRAINT "server_resources_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_resources" ADD CONSTRAINT "server_resources_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_tools" ADD CONSTRAINT "server_tools_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "server_tools" ADD CONSTRAINT "server_tools_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_invitations" ADD CONSTRAINT "tenant_invitations_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_invitations" ADD CONSTRAINT "tenant_invitations_inviter_id_user_id_fk" FOREIGN KEY ("inviter_id") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_members" ADD CONSTRAINT "tenant_members_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_members" ADD CONSTRAINT "tenant_members_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuit_breaker_transitions" ADD CONSTRAINT "circuit_breaker_transitions_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuit_breaker_transitions" ADD CONSTRAINT "circuit_breaker_transitions_actor_id_user_id_fk" FOREIGN KEY ("actor_id") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuit_breaker_transitions" ADD CONSTRAINT "circuit_breaker_transitions_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuit_breakers" ADD CONSTRAINT "circuit_breakers_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuit_breakers" ADD CONSTRAINT "circuit_breakers_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connection_pools" ADD CONSTRAINT "connection_pools_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connection_pools" ADD CONSTRAINT "connection_pools_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rate_limit_configs" ADD CONSTRAINT "rate_limit_configs_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rate_limit_configs" ADD CONSTRAINT "rate_limit_configs_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "request_queues" ADD CONSTRAINT "request_queues_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "request_queues" ADD CONSTRAINT "request_queues_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "routing_rules" ADD CONSTRAINT "routing_rules_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "routing_rules" ADD CONSTRAINT "routing_rules_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "idx_api_keys_tenant_active" ON "api_keys" USING btree ("tenant_id","is_active");--> statement-breakpoint
CREATE INDEX "idx_api_keys_expiration" ON "api_keys" USING btree ("expires_at") WHERE "api_keys"."expires_at" is not null and "api_keys"."is_active";--> statement-breakpoint
CREATE INDEX "idx_api_keys_usage" ON "api_keys" USING btree ("last_used" DESC NULLS FIRST,"total_requests") WHERE "api_keys"."is_active";--> statement-breakpoint
CREATE INDEX "api_keys_user_id" ON "api_keys" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "ip_rules_tenant_active" ON "ip_rules" USING btree ("tenant_id","is_active");--> statement-breakpoint
CREATE INDEX "legacy_api_keys_tenant_id" ON "legacy_api_keys" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "idx_server_access_controls_subject" ON "server_access_controls" USING btree ("tenant_id","subject_type","subject_id");--> statement-breakpoint
CREATE INDEX "server_access_controls_server_id" ON "server_access_controls" USING btree ("server_id");--> statement-breakpoint
CREATE INDEX "account_user_id" ON "account" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "idx_sessions_user_active" ON "session" USING btree ("user_id","is_active","expires_at");--> statement-breakpoint
CREATE INDEX "idx_sessions_activity_time" ON "session" USING btree ("last_activity" DESC NULLS FIRST) WHERE "session"."is_active";--> statement-breakpoint
CREATE INDEX "two_factor_user_id" ON "two_factor" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "idx_users_tenant_role" ON "user" USING btree ("tenant_id","role","is_active");--> statement-breakpoint
CREATE INDEX "idx_users_auth_provider" ON "user" USING btree ("auth_provider","auth_provider_id") WHERE "user"."auth_provider" is not null;--> statement-breakpoint
CREATE INDEX "verification_identifier" ON "verification" USING btree ("identifier");--> statement-breakpoint
CREATE INDEX "idx_audit_logs_tenant_time" ON "audit_logs" USING btree ("tenant_id","timestamp" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_audit_logs_action_resource" ON "audit_logs" USING btree ("action","resource_type","resource_id");--> statement-breakpoint
CREATE INDEX "idx_audit_logs_user_success" ON "audit_logs" USING btree ("user_id","success","timestamp" DESC NULLS FIRST) WHERE "audit_logs"."user_id" is not null;--> statement-breakpoint
CREATE INDEX "idx_security_access_composite" ON "audit_logs" USING btree ("user_id","action","resource_type","success","timestamp" DESC NULLS FIRST) WHERE "audit_logs"."user_id" is not null;--> statement-breakpoint
CREATE INDEX "error_logs_tenant_time" ON "error_logs" USING btree ("tenant_id","timestamp" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_fastmcp_audit_user_time" ON "mcp_audit_logs" USING btree ("user_id","timestamp" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_fastmcp_audit_method_success" ON "mcp_audit_logs" USING btree ("method","success","timestamp" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_fastmcp_audit_tenant_performance" ON "mcp_audit_logs" USING btree ("tenant_id","duration_ms","timestamp" DESC NULLS FIRST) WHERE "mcp_audit_logs"."tenant_id" is not null;--> statement-breakpoint
CREATE INDEX "idx_request_logs_tenant_time" ON "request_logs" USING btree ("tenant_id","request_time" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_request_logs_server_performance" ON "request_logs" USING btree ("target_server_id","duration_ms","status_code") WHERE "request_logs"."target_server_id" is not null;--> statement-breakpoint
CREATE INDEX "idx_request_logs_ip_path" ON "request_logs" USING btree ("ip_address","path") WHERE "request_logs"."ip_address" is not null;--> statement-breakpoint
CREATE INDEX "idx_request_routing_composite" ON "request_logs" USING btree ("path","method","target_server_id","duration_ms","request_time" DESC NULLS FIRST) WHERE "request_logs"."status_code" < 400;--> statement-breakpoint
CREATE INDEX "idx_tenant_utilization_composite" ON "request_logs" USING btree ("tenant_id",(("request_time" at time zone 'UTC')::date),"status_code") WHERE "request_logs"."tenant_id" is not null;--> statement-breakpoint
CREATE INDEX "idx_security_events_tenant_time" ON "security_events" USING btree ("tenant_id","timestamp" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "system_events_tenant_time" ON "system_events" USING btree ("tenant_id","timestamp" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "oauth_access_token_client_id" ON "oauth_access_token" USING btree ("client_id");--> statement-breakpoint
CREATE INDEX "oauth_access_token_session_id" ON "oauth_access_token" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "oauth_access_token_user_id" ON "oauth_access_token" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "oauth_access_token_authorization_code_id" ON "oauth_access_token" USING btree ("authorization_code_id");--> statement-breakpoint
CREATE INDEX "oauth_access_token_refresh_id" ON "oauth_access_token" USING btree ("refresh_id");--> statement-breakpoint
CREATE INDEX "oauth_client_user_id" ON "oauth_client" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "oauth_client_assertion_expires_at" ON "oauth_client_assertion" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "oauth_client_resource_resource_id" ON "oauth_client_resource" USING btree ("resource_id");--> statement-breakpoint
CREATE INDEX "oauth_consent_client_id" ON "oauth_consent" USING btree ("client_id");--> statement-breakpoint
CREATE INDEX "oauth_consent_user_id" ON "oauth_consent" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "oauth_refresh_token_client_id" ON "oauth_refresh_token" USING btree ("client_id");--> statement-breakpoint
CREATE INDEX "oauth_refresh_token_session_id" ON "oauth_refresh_token" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "oauth_refresh_token_user_id" ON "oauth_refresh_token" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "oauth_refresh_token_authorization_code_id" ON "oauth_refresh_token" USING btree ("authorization_code_id");--> statement-breakpoint
CREATE INDEX "idx_alert_events_open_tenant" ON "alert_events" USING btree ("tenant_id","opened_at" DESC NULLS FIRST) WHERE "alert_events"."resolved_at" is null;--> statement-breakpoint
CREATE INDEX "alert_events_alert_id" ON "alert_events" USING btree ("alert_id","opened_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "announcement_acknowledgements_user_id" ON "announcement_acknowledgements" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "announcement_acknowledgements_tenant_id" ON "announcement_acknowledgements" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "maintenance_windows_tenant_end" ON "maintenance_windows" USING btree ("tenant_id","ends_at");--> statement-breakpoint
CREATE INDEX "performance_alerts_tenant_active" ON "performance_alerts" USING btree ("tenant_id","is_active");--> statement-breakpoint
CREATE INDEX "system_announcements_tenant_start" ON "system_announcements" USING btree ("tenant_id","starts_at");--> statement-breakpoint
CREATE INDEX "idx_system_configs_category_tenant" ON "system_configs" USING btree ("category","tenant_id");--> statement-breakpoint
CREATE INDEX "idx_mcp_servers_tenant_status" ON "mcp_servers" USING btree ("tenant_id","health_status");--> statement-breakpoint
CREATE INDEX "idx_mcp_servers_endpoint_transport" ON "mcp_servers" USING btree ("endpoint_url","transport_type");--> statement-breakpoint
CREATE INDEX "idx_mcp_servers_health_check_time" ON "mcp_servers" USING btree ("last_health_check") WHERE "mcp_servers"."last_health_check" is not null;--> statement-breakpoint
CREATE INDEX "idx_mcp_servers_performance" ON "mcp_servers" USING btree ("avg_response_time","success_rate") WHERE "mcp_servers"."avg_response_time" is not null;--> statement-breakpoint
CREATE INDEX "idx_servers_discovery_composite" ON "mcp_servers" USING btree ("health_status","transport_type","avg_response_time") WHERE "mcp_servers"."health_status" in ('healthy', 'degraded');--> statement-breakpoint
CREATE INDEX "idx_server_health_checks_server_time" ON "server_health_checks" USING btree ("server_id","checked_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_server_metrics_server_time" ON "server_metrics" USING btree ("server_id","timestamp" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_server_metrics_performance" ON "server_metrics" USING btree ("response_time_ms","error_rate") WHERE "server_metrics"."response_time_ms" is not null;--> statement-breakpoint
CREATE INDEX "server_prompts_tenant_server" ON "server_prompts" USING btree ("tenant_id","server_id");--> statement-breakpoint
CREATE INDEX "idx_server_resources_uri_server" ON "server_resources" USING btree ("uri_template","server_id");--> statement-breakpoint
CREATE INDEX "idx_server_resources_mime_type" ON "server_resources" USING btree ("mime_type") WHERE "server_resources"."mime_type" is not null;--> statement-breakpoint
CREATE INDEX "server_resources_tenant_server" ON "server_resources" USING btree ("tenant_id","server_id");--> statement-breakpoint
CREATE INDEX "idx_server_tools_name_server" ON "server_tools" USING btree ("name","server_id");--> statement-breakpoint
CREATE INDEX "idx_server_tools_usage_stats" ON "server_tools" USING btree ("total_calls","success_count") WHERE "server_tools"."total_calls" > 0;--> statement-breakpoint
CREATE INDEX "idx_tools_discovery_performance" ON "server_tools" USING btree ("name","success_count","avg_execution_time","server_id") WHERE "server_tools"."total_calls" > 0;--> statement-breakpoint
CREATE INDEX "server_tools_tenant_server" ON "server_tools" USING btree ("tenant_id","server_id");--> statement-breakpoint
CREATE UNIQUE INDEX "idx_tenant_invitations_token" ON "tenant_invitations" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "tenant_invitations_tenant_email" ON "tenant_invitations" USING btree ("tenant_id","email");--> statement-breakpoint
CREATE INDEX "tenant_members_user_id" ON "tenant_members" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "circuit_breaker_transitions_server_time" ON "circuit_breaker_transitions" USING btree ("tenant_id","server_id","transitioned_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "connection_pools_name_time" ON "connection_pools" USING btree ("kind","name","sampled_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_routing_rules_tenant_active" ON "routing_rules" USING btree ("tenant_id","is_active","priority");--> statement-breakpoint
CREATE POLICY "tenant_own" ON "api_keys" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("api_keys"."tenant_id" = (select app_tenant_id())) WITH CHECK ("api_keys"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "api_keys" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "ip_rules" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("ip_rules"."tenant_id" = (select app_tenant_id())) WITH CHECK ("ip_rules"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "ip_rules" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("ip_rules"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "ip_rules" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "legacy_api_keys" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("legacy_api_keys"."tenant_id" = (select app_tenant_id())) WITH CHECK ("legacy_api_keys"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "legacy_api_keys" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "server_access_controls" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("server_access_controls"."tenant_id" = (select app_tenant_id())) WITH CHECK ("server_access_controls"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "server_access_controls" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "account" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "session" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("session"."tenant_id" = (select app_tenant_id())) WITH CHECK ("session"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "session" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "two_factor" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "user" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("user"."tenant_id" = (select app_tenant_id())) WITH CHECK ("user"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "user" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "member_read" ON "user" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("user"."id" in (select user_id from tenant_members where tenant_id = (select app_tenant_id())));--> statement-breakpoint
CREATE POLICY "system_all" ON "verification" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "audit_logs" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("audit_logs"."tenant_id" = (select app_tenant_id())) WITH CHECK ("audit_logs"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "audit_logs" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "error_logs" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("error_logs"."tenant_id" = (select app_tenant_id())) WITH CHECK ("error_logs"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "error_logs" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "mcp_audit_logs" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("mcp_audit_logs"."tenant_id" = (select app_tenant_id())) WITH CHECK ("mcp_audit_logs"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "mcp_audit_logs" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "request_logs" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("request_logs"."tenant_id" = (select app_tenant_id())) WITH CHECK ("request_logs"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "request_logs" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "security_events" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("security_events"."tenant_id" = (select app_tenant_id())) WITH CHECK ("security_events"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "security_events" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "system_events" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("system_events"."tenant_id" = (select app_tenant_id())) WITH CHECK ("system_events"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "system_events" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "jwks" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "oauth_access_token" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "oauth_client" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "oauth_client_assertion" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "oauth_client_resource" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "oauth_consent" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "oauth_refresh_token" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "oauth_resource" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "alert_events" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("alert_events"."tenant_id" = (select app_tenant_id())) WITH CHECK ("alert_events"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "alert_events" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("alert_events"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "alert_events" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "announcement_acknowledgements" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("announcement_acknowledgements"."tenant_id" = (select app_tenant_id())) WITH CHECK ("announcement_acknowledgements"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "announcement_acknowledgements" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "data_retention_policies" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("data_retention_policies"."tenant_id" = (select app_tenant_id())) WITH CHECK ("data_retention_policies"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "data_retention_policies" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("data_retention_policies"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "data_retention_policies" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "feature_flags" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("feature_flags"."tenant_id" = (select app_tenant_id())) WITH CHECK ("feature_flags"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "feature_flags" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("feature_flags"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "feature_flags" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "maintenance_windows" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("maintenance_windows"."tenant_id" = (select app_tenant_id())) WITH CHECK ("maintenance_windows"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "maintenance_windows" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("maintenance_windows"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "maintenance_windows" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "materialized_views" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "performance_alerts" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("performance_alerts"."tenant_id" = (select app_tenant_id())) WITH CHECK ("performance_alerts"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "performance_alerts" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("performance_alerts"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "performance_alerts" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "system_announcements" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("system_announcements"."tenant_id" = (select app_tenant_id())) WITH CHECK ("system_announcements"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "system_announcements" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("system_announcements"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "system_announcements" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "system_config_history" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("system_config_history"."tenant_id" = (select app_tenant_id())) WITH CHECK ("system_config_history"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "system_config_history" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("system_config_history"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "system_config_history" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "system_configs" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("system_configs"."tenant_id" = (select app_tenant_id())) WITH CHECK ("system_configs"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "system_configs" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("system_configs"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "system_configs" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "mcp_servers" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("mcp_servers"."tenant_id" = (select app_tenant_id())) WITH CHECK ("mcp_servers"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "mcp_servers" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "server_health_checks" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("server_health_checks"."tenant_id" = (select app_tenant_id())) WITH CHECK ("server_health_checks"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "server_health_checks" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "server_metrics" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("server_metrics"."tenant_id" = (select app_tenant_id())) WITH CHECK ("server_metrics"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "server_metrics" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "server_prompts" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("server_prompts"."tenant_id" = (select app_tenant_id())) WITH CHECK ("server_prompts"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "server_prompts" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "server_resources" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("server_resources"."tenant_id" = (select app_tenant_id())) WITH CHECK ("server_resources"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "server_resources" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "server_tools" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("server_tools"."tenant_id" = (select app_tenant_id())) WITH CHECK ("server_tools"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "server_tools" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "tenant_invitations" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("tenant_invitations"."tenant_id" = (select app_tenant_id())) WITH CHECK ("tenant_invitations"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "tenant_invitations" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "tenant_members" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("tenant_members"."tenant_id" = (select app_tenant_id())) WITH CHECK ("tenant_members"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "tenant_members" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_read" ON "tenants" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("tenants"."id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "tenant_edit" ON "tenants" AS PERMISSIVE FOR UPDATE TO "gateway_runtime" USING ("tenants"."id" = (select app_tenant_id())) WITH CHECK ("tenants"."id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "tenants" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "circuit_breaker_transitions" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("circuit_breaker_transitions"."tenant_id" = (select app_tenant_id())) WITH CHECK ("circuit_breaker_transitions"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "circuit_breaker_transitions" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "circuit_breakers" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("circuit_breakers"."tenant_id" = (select app_tenant_id())) WITH CHECK ("circuit_breakers"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "circuit_breakers" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "connection_pools" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("connection_pools"."tenant_id" = (select app_tenant_id())) WITH CHECK ("connection_pools"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "connection_pools" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("connection_pools"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "connection_pools" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "rate_limit_configs" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("rate_limit_configs"."tenant_id" = (select app_tenant_id())) WITH CHECK ("rate_limit_configs"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "shared_read" ON "rate_limit_configs" AS PERMISSIVE FOR SELECT TO "gateway_runtime" USING ("rate_limit_configs"."tenant_id" is null and (select app_tenant_id()) is not null);--> statement-breakpoint
CREATE POLICY "system_all" ON "rate_limit_configs" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "request_queues" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("request_queues"."tenant_id" = (select app_tenant_id())) WITH CHECK ("request_queues"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "request_queues" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "routing_rules" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("routing_rules"."tenant_id" = (select app_tenant_id())) WITH CHECK ("routing_rules"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "routing_rules" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);