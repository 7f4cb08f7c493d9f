ALTER TABLE "materialized_views" ALTER COLUMN "refresh_strategy" SET DATA TYPE text;--> statement-breakpoint
-- The sums are filled together: when one of them was due, all were. Now they have one schedule.
UPDATE materialized_views SET
  is_enabled = (SELECT bool_or(is_enabled) FROM materialized_views),
  refresh_interval_seconds = (SELECT min(coalesce(refresh_interval_seconds, 60)) FROM materialized_views),
  refresh_strategy = CASE WHEN (SELECT bool_and(refresh_strategy = 'manual') FROM materialized_views) THEN 'manual' ELSE 'incremental' END;
--> statement-breakpoint
ALTER TABLE "materialized_views" ALTER COLUMN "refresh_strategy" SET DEFAULT 'incremental'::text;--> statement-breakpoint
DROP TYPE "public"."refresh_strategy";--> statement-breakpoint
CREATE TYPE "public"."refresh_strategy" AS ENUM('manual', 'incremental');--> statement-breakpoint
ALTER TABLE "materialized_views" ALTER COLUMN "refresh_strategy" SET DEFAULT 'incremental'::"public"."refresh_strategy";--> statement-breakpoint
ALTER TABLE "materialized_views" ALTER COLUMN "refresh_strategy" SET DATA TYPE "public"."refresh_strategy" USING "refresh_strategy"::"public"."refresh_strategy";