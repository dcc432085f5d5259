-- What was consented to never changes, and a consent that has ended never lives again, whoever asks the database.
CREATE FUNCTION consent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a consent is never deleted (%)', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF ROW(NEW.id, NEW.subject_id, NEW.institution_id, NEW.case_id, NEW.form, NEW.artefact, NEW.valid_from,
           NEW.valid_until, NEW.granted_at, NEW.supersedes_id)
       IS DISTINCT FROM
       ROW(OLD.id, OLD.subject_id, OLD.institution_id, OLD.case_id, OLD.form, OLD.artefact, OLD.valid_from,
           OLD.valid_until, OLD.granted_at, OLD.supersedes_id) THEN
        RAISE EXCEPTION 'the terms of a consent never change (%); supersede it', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.status NOT IN ('active', 'paused') THEN
        RAISE EXCEPTION 'a consent that is % stays so (%)', OLD.status, OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER consent_guard BEFORE UPDATE OR DELETE ON consent_consent
    FOR EACH ROW EXECUTE FUNCTION consent_guard();
