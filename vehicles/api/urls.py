"""REST routes of vehicles."""

from vehicles.api.captures import urls as captures

urlpatterns = [*captures.urlpatterns]
