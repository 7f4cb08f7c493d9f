-- Stored names that follow the glossary from now on. Isolates of the previous version may still write the old names while
-- a deployment rolls out; run this migration again afterwards, or leave those few rows as they are.
UPDATE security_events e SET event_type = m.new_type
  FROM (VALUES
    ('person.banned', 'user.banned'),
    ('person.unbanned', 'user.unbanned'),
    ('invitation.guessed', 'invitation.failed'),
    ('setup.guessed', 'setup.failed'),
    ('csrf.refused', 'csrf.rejected'),
    ('definition.odd', 'definition.unusual')) AS m (old_type, new_type)
 WHERE e.event_type = m.old_type;
--> statement-breakpoint
UPDATE circuit_breaker_transitions SET reason = 'forced' WHERE reason = 'by hand';
