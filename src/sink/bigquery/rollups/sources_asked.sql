select site_id, source, min(slot_time) as first_slot_time
from {collection_slots}
group by site_id, source
