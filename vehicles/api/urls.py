"""REST routes of vehicles."""

from vehicles.api.captures import urls as captures
from vehicles.api.stations import urls as stations

urlpatterns = [*captures.urlpatterns, *stations.urlpatterns]
